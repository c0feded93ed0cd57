-- The Message-ID stays: by this hash of its key the mail is not made a second time. What is being sent is left alone.
UPDATE drumbeat_state.delivery
SET recipient = '', rep_id = :nobody, subject = '', reply = '', body = NULL, reason = :reason, owner = '',
  updated_at = CASE WHEN state IN ('pending', 'sending') THEN :now ELSE updated_at END,
  state = CASE WHEN state = 'sent' THEN state ELSE 'skipped' END, fence = fence + 1, lease_until = NULL
WHERE id = :id AND (state <> 'sending' OR lease_until <= :now)
