-- +goose Up
-- Where this ledger stands, and how often a worker has started on it: a copy and a restored backup stand out.
ALTER TABLE identity ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
