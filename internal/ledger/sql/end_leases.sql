UPDATE drumbeat_state.delivery
SET lease_until = :now
WHERE state = 'sending' AND lease_until > :now
