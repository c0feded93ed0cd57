-- Its time begins anew: neither how long it waits nor how long it is tried counts from the first time.
UPDATE drumbeat_state.delivery
SET state = 'pending', reason = '', attempts = 0, fence = fence + 1, not_before = :now, next_attempt_at = :now, lease_until = NULL,
  updated_at = :now
WHERE state IN ('sent', 'failed', 'unknown') AND body IS NOT NULL
  AND (:state = '' OR state = :state)
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
