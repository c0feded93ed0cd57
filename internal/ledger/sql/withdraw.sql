UPDATE drumbeat_state.delivery
SET state = 'skipped', reason = :reason, fence = fence + 1, updated_at = :now
WHERE schedule = :schedule AND period = :period AND recipient = :recipient AND rep_id = :rep_id AND state = 'pending'
