CREATE TABLE activities (
    -- drumbeat canonical rows, version 2
    deal_id  TEXT NOT NULL,
    at       TEXT NOT NULL,
    kind     TEXT NOT NULL,
    party    TEXT CHECK (party IN ('buyer', 'seller')),
    file_row INTEGER NOT NULL,
    CHECK (instr(deal_id || kind, char(0)) = 0), -- ends a column when rows come packed
    CHECK (at GLOB '????-??-??T??:??:??.??????Z'),             -- compared as text when only some are asked for
    PRIMARY KEY (deal_id, at, file_row)
) WITHOUT ROWID;
