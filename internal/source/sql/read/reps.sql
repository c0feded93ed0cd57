SELECT id, name, email, manager_id, team, time_zone, active
FROM reps
ORDER BY id
