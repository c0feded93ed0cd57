-- Why deliveries that were touched since were not sent. Reasons of failures are a server's words, of which there are as
-- many as mails; those on purpose are few. The inner query finds the rows by an index alone.
SELECT schedule, period, state, CASE WHEN state = 'skipped' OR reason = :settled THEN reason ELSE '' END AS why,
  message_id <> '' AS made, recipient <> '' OR rep_id <> '' AS somebodys, updated_at >= :since AS lately, COUNT(*), MIN(id)
FROM drumbeat_state.delivery
WHERE id IN (
  SELECT id
  FROM drumbeat_state.delivery
  WHERE updated_at >= :from AND state IN ('skipped', 'failed')
)
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY schedule, period, MIN(id)
