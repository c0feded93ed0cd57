CREATE TABLE activities (
    -- drumbeat canonical rows, version 1
    deal_id  TEXT NOT NULL,
    at       TEXT NOT NULL,
    kind     TEXT NOT NULL,
    party    TEXT CHECK (party IN ('buyer', 'seller')),
    file_row INTEGER NOT NULL,
    PRIMARY KEY (deal_id, at, file_row)
) WITHOUT ROWID;
