CREATE TABLE waivers (
    -- drumbeat canonical rows, version 1
    deal_id    TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    reason     TEXT NOT NULL,
    granted_by TEXT,
    at         TEXT NOT NULL,
    file_row   INTEGER NOT NULL,
    PRIMARY KEY (deal_id, at, file_row),
    UNIQUE (deal_id, checkpoint)
) WITHOUT ROWID;
