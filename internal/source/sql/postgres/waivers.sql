CREATE TABLE drumbeat.waivers (
    deal_id    text COLLATE "C" NOT NULL,
    checkpoint text NOT NULL,
    reason     text NOT NULL,
    granted_by text,
    at         timestamptz NOT NULL,
    file_row   bigint NOT NULL,
    PRIMARY KEY (deal_id, at, file_row),
    UNIQUE (deal_id, checkpoint)
);
COMMENT ON TABLE drumbeat.waivers IS 'drumbeat canonical rows, version 2';
