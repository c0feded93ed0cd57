SELECT state, COUNT(*)
FROM drumbeat_state.delivery
WHERE (:state = '' OR state = :state)
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
GROUP BY state
