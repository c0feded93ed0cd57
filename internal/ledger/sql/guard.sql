-- A ledger of before there were origins takes on the one where it is found.
INSERT INTO drumbeat_state.identity (id, environment, origin, recorded_at)
VALUES (1, :environment, :origin, :now)
ON CONFLICT (id) DO UPDATE SET origin = excluded.origin WHERE identity.origin = '' AND identity.environment = excluded.environment
