SELECT schedule, period, tick, as_of, window_start, started_at, finished_at, deals, reps, digests, source_rows
FROM drumbeat_state.run
WHERE schedule = :schedule
ORDER BY as_of DESC, id DESC
LIMIT 1
