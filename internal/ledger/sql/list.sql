SELECT id, schedule, period, recipient, rep_id, kind, state, reason, message_id, subject, date, not_before,
  attempts, next_attempt_at, owner, fence, lease_until, reply, created_at, updated_at, NULL
FROM drumbeat_state.delivery
WHERE (:state = '' OR state = :state)
  AND (:schedule = '' OR schedule = :schedule)
  AND (:period = '' OR period = :period)
  AND (:everyone OR recipient IN (:recipients))
ORDER BY period, schedule, id
