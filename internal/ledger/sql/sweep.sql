-- A page, with the stored mails.
SELECT id, schedule, period, recipient, rep_id, kind, state, reason, message_id, subject, date, not_before,
  attempts, next_attempt_at, owner, fence, lease_until, reply, created_at, updated_at, body
FROM drumbeat_state.delivery
WHERE id > :after
ORDER BY id
LIMIT :most
