-- What was not sent stays a while longer: somebody may look into it and send it again.
UPDATE drumbeat_state.delivery
SET body = NULL
WHERE body IS NOT NULL
  AND (state IN ('sent', 'skipped') AND updated_at <= :sent_until OR state IN ('failed', 'unknown') AND updated_at <= :left_until)
