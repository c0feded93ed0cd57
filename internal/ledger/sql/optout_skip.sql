-- What is on its way to somebody who opted out: all that is pending, and what a dead sender has left behind. The
-- fence stays: should that sender be alive, what it knows is better than not knowing.
UPDATE drumbeat_state.delivery
SET state = 'skipped', reason = :reason, lease_until = NULL, updated_at = :now
WHERE id IN (
  SELECT id FROM drumbeat_state.delivery
  WHERE state IN ('pending', 'sending')
  AND (state = 'pending' OR lease_until <= :now)
  AND EXISTS (SELECT 1 FROM drumbeat_state.optout o WHERE o.address = delivery.recipient AND o.kind IN ('', delivery.kind))
  ORDER BY id
  FOR UPDATE SKIP LOCKED)
