UPDATE drumbeat_state.delivery
SET state = 'pending', attempts = :attempts, lease_until = NULL, updated_at = :now
WHERE id = :id AND fence = :fence AND state = 'sending'
