CREATE TABLE criteria (
    -- drumbeat canonical rows, version 1
    deal_id   TEXT NOT NULL,
    criterion TEXT NOT NULL,
    met_at    TEXT NOT NULL,
    file_row  INTEGER NOT NULL,
    PRIMARY KEY (deal_id, met_at, file_row)
) WITHOUT ROWID;
