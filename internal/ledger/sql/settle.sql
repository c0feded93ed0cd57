UPDATE drumbeat_state.delivery
SET state = :state, reason = :reason, fence = fence + 1, lease_until = NULL, updated_at = :now
WHERE id = :id AND state IN ('pending', 'failed', 'unknown')
