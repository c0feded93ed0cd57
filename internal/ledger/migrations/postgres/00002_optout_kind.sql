-- +goose Up
-- Who opts out of one kind of digest keeps the others; an empty kind is all of them, as it was until now.
ALTER TABLE drumbeat_state.optout ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE drumbeat_state.optout DROP CONSTRAINT optout_pkey;
ALTER TABLE drumbeat_state.optout ADD PRIMARY KEY (address, kind);

-- A signed link names a mail by the first part of its Message-ID.
CREATE INDEX delivery_hash ON drumbeat_state.delivery (substr(message_id, 1, 32));
