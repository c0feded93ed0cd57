SELECT COUNT(CASE WHEN state = 'pending' THEN 1 END), COUNT(CASE WHEN state = 'sending' THEN 1 END),
  MIN(CASE WHEN state = 'pending' THEN next_attempt_at ELSE lease_until END)
FROM drumbeat_state.delivery
WHERE state IN ('pending', 'sending')
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
