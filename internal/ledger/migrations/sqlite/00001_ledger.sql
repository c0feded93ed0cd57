-- +goose Up
-- The same tables as on Postgres. Instants are text of one width in UTC (see instant.go), so that they
-- compare as what they are.

CREATE TABLE identity (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    environment TEXT NOT NULL,
    recorded_at TEXT NOT NULL
);

CREATE TABLE schedule (
    name       TEXT PRIMARY KEY,
    last_due   TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE run (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule     TEXT NOT NULL,
    period       TEXT NOT NULL,
    tick         TEXT,
    as_of        TEXT NOT NULL,
    window_start TEXT,
    started_at   TEXT NOT NULL,
    finished_at  TEXT,
    deals        INTEGER NOT NULL DEFAULT 0,
    reps         INTEGER NOT NULL DEFAULT 0,
    digests      INTEGER NOT NULL DEFAULT 0,
    source_rows  TEXT NOT NULL DEFAULT '{}', -- JSON: canonical rows seen, by name
    UNIQUE (schedule, period)
);

CREATE TABLE delivery (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule        TEXT NOT NULL,
    period          TEXT NOT NULL,
    recipient       TEXT NOT NULL, -- normalised address; empty: the person has none
    rep_id          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'skipped')),
    reason          TEXT NOT NULL DEFAULT '',
    message_id      TEXT NOT NULL DEFAULT '',
    subject         TEXT NOT NULL DEFAULT '',
    date            TEXT,                       -- the Date header
    not_before      TEXT,
    body            BLOB,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT NOT NULL,
    owner           TEXT NOT NULL DEFAULT '',
    fence           INTEGER NOT NULL DEFAULT 0, -- grows with every change of hands; a writer must name it
    lease_until     TEXT,
    dot_at          TEXT,                       -- when the final dot was about to be written
    reply           TEXT NOT NULL DEFAULT '',   -- the server's last words
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    UNIQUE (schedule, period, recipient, rep_id)
);

CREATE INDEX delivery_due ON delivery (next_attempt_at, id) WHERE state IN ('pending', 'sending');

CREATE TABLE optout (
    address    TEXT PRIMARY KEY,
    created_at TEXT NOT NULL
);

-- What each run saw of the open deals, for sources that keep no history of their forecasts.
CREATE TABLE snapshot (
    as_of          TEXT NOT NULL,
    deal_id        TEXT NOT NULL,
    stage          TEXT NOT NULL DEFAULT '',
    expected_close TEXT,
    amount         REAL,
    currency       TEXT NOT NULL DEFAULT '',
    probability    REAL,
    category       TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (as_of, deal_id)
);
