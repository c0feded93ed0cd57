-- The Message-ID, since a journal may meet a database that was made anew: its ids begin at 1 again.
UPDATE drumbeat_state.delivery
SET state = :state, reason = :reason, reply = :reply, attempts = :attempts,
  next_attempt_at = COALESCE(:retry_at, next_attempt_at), lease_until = NULL, updated_at = :now
WHERE id = :id AND fence = :fence AND message_id = :message_id
RETURNING id
