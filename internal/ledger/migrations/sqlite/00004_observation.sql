-- +goose Up
-- What runs saw of the open deals, for sources that keep no history. A day on which somebody looked is kept even where
-- nothing had changed: between two looks nobody knows when something did. Until now nobody wrote to snapshot.
DROP TABLE snapshot;

CREATE TABLE observation (
    day TEXT PRIMARY KEY, -- YYYY-MM-DD, in the config's zone
    at  TEXT NOT NULL     -- when the source was read
);

-- A row where a deal differs from what was last seen of it.
CREATE TABLE snapshot (
    deal_id        TEXT NOT NULL,
    day            TEXT NOT NULL,
    stage          TEXT NOT NULL,
    expected_close TEXT, -- YYYY-MM-DD
    amount         REAL,
    currency       TEXT NOT NULL,
    probability    REAL,
    category       TEXT NOT NULL,
    PRIMARY KEY (deal_id, day)
);
