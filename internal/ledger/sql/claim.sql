-- One row in one statement; rows that another claimer holds are stepped over, not waited for. Nobody who opted
-- out is sent anything, whenever the row was planned; optout_skip.sql then says so on the row.
UPDATE drumbeat_state.delivery
SET state = 'sending', owner = :owner, fence = fence + 1, attempts = attempts + 1, lease_until = :until,
  dot_at = NULL, updated_at = :now
WHERE id = (
  SELECT id FROM drumbeat_state.delivery
  WHERE state IN ('pending', 'sending')
  AND (state = 'pending' AND next_attempt_at <= :now OR state = 'sending' AND lease_until <= :now)
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
  AND id NOT IN (:except)
  AND NOT EXISTS (SELECT 1 FROM drumbeat_state.optout o WHERE o.address = delivery.recipient AND o.kind IN ('', delivery.kind))
  ORDER BY next_attempt_at, id
  LIMIT 1
  FOR UPDATE SKIP LOCKED)
RETURNING id, schedule, period, recipient, rep_id, kind, state, reason, message_id, subject, date, not_before,
  attempts, next_attempt_at, owner, fence, lease_until, reply, created_at, updated_at, body
