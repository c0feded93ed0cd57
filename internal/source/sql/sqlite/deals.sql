CREATE TABLE deals (
    -- drumbeat canonical rows, version 2
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL,
    rep_id            TEXT,
    pipeline          TEXT,
    amount            REAL,
    currency          TEXT,
    created_at        TEXT NOT NULL, -- every instant as 2012-02-06T09:30:00.000000Z: of one width, so that text order is time order
    closed_at         TEXT,
    outcome           TEXT NOT NULL CHECK (outcome IN ('open', 'won', 'lost')),
    stage             TEXT,
    expected_close    TEXT,          -- 2012-02-06
    probability       REAL CHECK (probability BETWEEN 0 AND 1),
    forecast_category TEXT,
    loss_reason       TEXT
) WITHOUT ROWID;
