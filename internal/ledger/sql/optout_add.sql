INSERT INTO drumbeat_state.optout (address, created_at)
VALUES (:address, :now)
ON CONFLICT (address) DO NOTHING
