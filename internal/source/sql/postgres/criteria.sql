CREATE TABLE drumbeat.criteria (
    deal_id   text COLLATE "C" NOT NULL,
    criterion text NOT NULL,
    met_at    timestamptz NOT NULL,
    file_row  bigint NOT NULL,
    PRIMARY KEY (deal_id, met_at, file_row) INCLUDE (criterion)
);
COMMENT ON TABLE drumbeat.criteria IS 'drumbeat canonical rows, version 2';
