INSERT INTO drumbeat_state.optout (address, kind, created_at)
VALUES (:address, :kind, :now)
ON CONFLICT (address, kind) DO NOTHING
