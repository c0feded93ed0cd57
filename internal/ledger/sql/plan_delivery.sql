INSERT INTO drumbeat_state.delivery
  (schedule, period, recipient, rep_id, kind, state, reason, message_id, subject, date, not_before, body,
   next_attempt_at, created_at, updated_at)
VALUES
  (:schedule, :period, :recipient, :rep_id, :kind, :state, :reason, :message_id, :subject, :date, :not_before, :body,
   :next_attempt_at, :now, :now)
ON CONFLICT (schedule, period, recipient, rep_id) DO NOTHING
