-- Once a day: whoever else looked today came first.
INSERT INTO drumbeat_state.observation (day, at)
VALUES (:day, :at)
ON CONFLICT (day) DO NOTHING
