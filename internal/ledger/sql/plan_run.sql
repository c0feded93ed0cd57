-- The row is written even where it exists, so that a second planner of the period waits here for the first.
INSERT INTO drumbeat_state.run
  (schedule, period, tick, as_of, window_start, started_at, deals, reps, digests, source_rows)
VALUES
  (:schedule, :period, :tick, :as_of, :window_start, :now, :deals, :reps, :digests, :source_rows)
ON CONFLICT (schedule, period) DO UPDATE SET as_of = run.as_of
