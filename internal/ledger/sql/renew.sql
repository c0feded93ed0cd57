UPDATE drumbeat_state.delivery
SET lease_until = :until, updated_at = :now
WHERE id = :id AND fence = :fence AND state = 'sending'
