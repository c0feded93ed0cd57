-- file_row is the row's number in its file; the key holds every column, so that reading in deal order never
-- leaves the index.
CREATE TABLE drumbeat.stage_changes (
    deal_id  text COLLATE "C" NOT NULL,
    stage    text NOT NULL,
    at       timestamptz NOT NULL,
    rep_id   text COLLATE "C",
    seq      bigint,
    file_row bigint NOT NULL,
    PRIMARY KEY (deal_id, at, file_row) INCLUDE (stage, rep_id, seq)
);
COMMENT ON TABLE drumbeat.stage_changes IS 'drumbeat canonical rows, version 2';
