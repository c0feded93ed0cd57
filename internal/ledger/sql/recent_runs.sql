-- The last few of each schedule; what admins are told at once, under a period of its own with a blank in it, is no run.
SELECT schedule, period, tick, as_of, window_start, started_at, finished_at, deals, reps, digests, source_rows
FROM (
  SELECT schedule, period, tick, as_of, window_start, started_at, finished_at, deals, reps, digests, source_rows,
    ROW_NUMBER() OVER (PARTITION BY schedule ORDER BY as_of DESC, id DESC) AS nth
  FROM drumbeat_state.run
  WHERE period NOT LIKE '% %'
) AS recent
WHERE nth <= :last
ORDER BY schedule, as_of DESC
