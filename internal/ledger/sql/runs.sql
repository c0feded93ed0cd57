SELECT schedule, period, tick, as_of, window_start, started_at, finished_at, deals, reps, digests, source_rows
FROM drumbeat_state.run
WHERE as_of >= :since OR started_at >= :since OR finished_at >= :since
ORDER BY as_of, id
