-- How many deliveries of the last few runs of each schedule are in which state, and of all that wait for something or
-- somebody, however old. Only columns of an index are read: the stored mails lie in between.
SELECT schedule, period, state, COUNT(*)
FROM drumbeat_state.delivery
WHERE state IN ('pending', 'sending', 'unknown')
  OR state = 'failed' AND updated_at >= :since
  OR (schedule, period) IN (
    SELECT schedule, period
    FROM (
      SELECT schedule, period, ROW_NUMBER() OVER (PARTITION BY schedule ORDER BY as_of DESC, id DESC) AS nth
      FROM drumbeat_state.run
      WHERE period NOT LIKE '% %'
    ) AS recent
    WHERE nth <= :last
  )
GROUP BY state, schedule, period
