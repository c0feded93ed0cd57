UPDATE drumbeat_state.schedule
SET last_due = :latest, updated_at = :now
WHERE name = :schedule AND last_due > :latest
