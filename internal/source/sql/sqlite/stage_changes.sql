CREATE TABLE stage_changes (
    -- drumbeat canonical rows, version 1
    deal_id  TEXT NOT NULL,
    stage    TEXT NOT NULL,
    at       TEXT NOT NULL,
    rep_id   TEXT,
    seq      INTEGER,
    file_row INTEGER NOT NULL, -- the row's number in its file
    PRIMARY KEY (deal_id, at, file_row)
) WITHOUT ROWID;
