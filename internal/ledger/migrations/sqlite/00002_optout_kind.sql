-- +goose Up
-- Who opts out of one kind of digest keeps the others; an empty kind is all of them, as it was until now.
CREATE TABLE optout_by_kind (
    address    TEXT NOT NULL,
    kind       TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    PRIMARY KEY (address, kind)
);
INSERT INTO optout_by_kind (address, created_at) SELECT address, created_at FROM optout;
DROP TABLE optout;
ALTER TABLE optout_by_kind RENAME TO optout;

-- A signed link names a mail by the first part of its Message-ID.
CREATE INDEX delivery_hash ON delivery (substr(message_id, 1, 32));
