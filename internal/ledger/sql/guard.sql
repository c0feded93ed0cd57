INSERT INTO drumbeat_state.identity (id, environment, recorded_at)
VALUES (1, :environment, :now)
ON CONFLICT (id) DO NOTHING
