CREATE TABLE waivers (
    -- drumbeat canonical rows, version 2
    deal_id    TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    reason     TEXT NOT NULL,
    granted_by TEXT,
    at         TEXT NOT NULL,
    file_row   INTEGER NOT NULL,
    CHECK (instr(deal_id || checkpoint || reason || coalesce(granted_by, ''), char(0)) = 0), -- ends a column when rows come packed
    PRIMARY KEY (deal_id, at, file_row),
    UNIQUE (deal_id, checkpoint)
) WITHOUT ROWID;
