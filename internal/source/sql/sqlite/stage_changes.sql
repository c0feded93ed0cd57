CREATE TABLE stage_changes (
    -- drumbeat canonical rows, version 2
    deal_id  TEXT NOT NULL,
    stage    TEXT NOT NULL,
    at       TEXT NOT NULL,
    rep_id   TEXT,
    seq      INTEGER,
    file_row INTEGER NOT NULL, -- the row's number in its file
    CHECK (instr(deal_id || stage || coalesce(rep_id, ''), char(0)) = 0), -- ends a column when rows come packed
    PRIMARY KEY (deal_id, at, file_row)
) WITHOUT ROWID;
