UPDATE drumbeat_state.delivery
SET state = 'pending', reason = '', attempts = 0, fence = fence + 1, next_attempt_at = :now, lease_until = NULL,
  updated_at = :now
WHERE id = :id AND state IN ('sent', 'failed', 'unknown') AND body IS NOT NULL
