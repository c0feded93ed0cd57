INSERT INTO drumbeat_state.schedule (name, last_due, updated_at)
VALUES (:schedule, :last_due, :now)
ON CONFLICT (name) DO UPDATE SET last_due = excluded.last_due, updated_at = excluded.updated_at
WHERE schedule.last_due < excluded.last_due
