CREATE TABLE reps (
    -- drumbeat canonical rows, version 2
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    email      TEXT,
    manager_id TEXT,
    team       TEXT,
    time_zone  TEXT,
    active     INTEGER NOT NULL -- 0 or 1
) WITHOUT ROWID;
