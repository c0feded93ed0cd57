UPDATE drumbeat_state.delivery
SET state = 'pending', reason = '', attempts = 0, fence = fence + 1, next_attempt_at = :now, lease_until = NULL,
  updated_at = :now
WHERE state IN ('sent', 'failed', 'unknown') AND body IS NOT NULL
  AND (:state = '' OR state = :state)
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
