-- Why deliveries of the last few runs of each schedule were not sent, and those of all that failed lately or are unknown.
-- Reasons of failures are a server's words, of which there are as many as mails; on purpose they are few. The inner query
-- finds the rows by an index alone: the stored mails lie in between.
SELECT schedule, period, state, CASE WHEN state = 'skipped' OR reason = :settled THEN reason ELSE '' END AS why,
  message_id <> '' AS made, recipient <> '' OR rep_id <> '' AS somebodys, updated_at >= :since AS lately, COUNT(*), MIN(id)
FROM drumbeat_state.delivery
WHERE id IN (
  SELECT id
  FROM drumbeat_state.delivery
  WHERE state = 'unknown'
    OR state = 'failed' AND updated_at >= :since
    OR state IN ('skipped', 'failed') AND (schedule, period) IN (
      SELECT schedule, period
      FROM (
        SELECT schedule, period, ROW_NUMBER() OVER (PARTITION BY schedule ORDER BY as_of DESC, id DESC) AS nth
        FROM drumbeat_state.run
        WHERE period NOT LIKE '% %'
      ) AS recent
      WHERE nth <= :last
    )
)
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY schedule, period, MIN(id)
