-- +goose Up
-- Where this ledger stands, and how often a worker has started on it: a copy and a restored backup stand out.
ALTER TABLE drumbeat_state.identity ADD COLUMN origin text NOT NULL DEFAULT '';
ALTER TABLE drumbeat_state.identity ADD COLUMN starts bigint NOT NULL DEFAULT 0;
