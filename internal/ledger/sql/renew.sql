-- Nothing has changed but the time: updated_at stays when the sending began.
UPDATE drumbeat_state.delivery
SET lease_until = :until
WHERE id = :id AND fence = :fence AND state = 'sending'
