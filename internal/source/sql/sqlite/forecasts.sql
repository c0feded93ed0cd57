CREATE TABLE forecasts (
    -- drumbeat canonical rows, version 2
    deal_id        TEXT NOT NULL,
    at             TEXT NOT NULL,
    expected_close TEXT,
    amount         REAL,
    probability    REAL CHECK (probability BETWEEN 0 AND 1),
    category       TEXT,
    seq            INTEGER,
    file_row       INTEGER NOT NULL,
    PRIMARY KEY (deal_id, at, file_row)
) WITHOUT ROWID;
