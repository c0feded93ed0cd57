-- What exists stays untouched, unless it could not be made (it has no mail yet) or was withdrawn of somebody who was gone.
INSERT INTO drumbeat_state.delivery
  (schedule, period, recipient, rep_id, kind, state, reason, message_id, subject, date, not_before, body,
   next_attempt_at, created_at, updated_at)
VALUES
  (:schedule, :period, :recipient, :rep_id, :kind, :state, :reason, :message_id, :subject, :date, :not_before, :body,
   :next_attempt_at, :now, :now)
ON CONFLICT (schedule, period, recipient, rep_id) DO UPDATE
SET kind = excluded.kind, state = excluded.state, reason = excluded.reason, message_id = excluded.message_id,
  subject = excluded.subject, date = excluded.date, not_before = excluded.not_before, body = excluded.body,
  next_attempt_at = excluded.next_attempt_at, created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE delivery.state = 'failed' AND delivery.message_id = '' AND delivery.reason <> :settled
  OR delivery.state = 'skipped' AND delivery.reason IN (:left, :moved)
