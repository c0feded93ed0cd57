-- A pending mail waits from when it could have been sent, whenever that was planned, and however often it was tried since.
-- Of what is dealt with for good nobody asks since when: there is most of it, and only its index is read.
SELECT state, COUNT(*),
  MIN(CASE WHEN state IN ('sent', 'skipped', 'failed') THEN NULL WHEN state <> 'pending' THEN updated_at
    WHEN not_before > created_at THEN not_before ELSE created_at END)
FROM drumbeat_state.delivery
WHERE (:state = '' OR state = :state)
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
GROUP BY state
