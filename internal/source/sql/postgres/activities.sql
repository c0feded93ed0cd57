CREATE TABLE drumbeat.activities (
    deal_id  text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    party    text CHECK (party IN ('buyer', 'seller')),
    file_row bigint NOT NULL,
    PRIMARY KEY (deal_id, at, file_row) INCLUDE (kind, party)
);
COMMENT ON TABLE drumbeat.activities IS 'drumbeat canonical rows, version 2';
