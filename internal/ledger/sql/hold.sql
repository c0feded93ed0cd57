-- The fence stays: should the sender still be alive, what it knows is better than not knowing.
UPDATE drumbeat_state.delivery
SET state = 'unknown', reason = :reason, lease_until = NULL, updated_at = :now
WHERE id IN (
  SELECT id FROM drumbeat_state.delivery
  WHERE state IN ('pending', 'sending')
  AND state = 'sending' AND lease_until <= :now
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
  AND id NOT IN (:except)
  ORDER BY id
  FOR UPDATE SKIP LOCKED)
