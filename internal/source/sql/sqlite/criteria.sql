CREATE TABLE criteria (
    -- drumbeat canonical rows, version 2
    deal_id   TEXT NOT NULL,
    criterion TEXT NOT NULL,
    met_at    TEXT NOT NULL,
    file_row  INTEGER NOT NULL,
    CHECK (instr(deal_id || criterion, char(0)) = 0), -- ends a column when rows come packed
    PRIMARY KEY (deal_id, met_at, file_row)
) WITHOUT ROWID;
