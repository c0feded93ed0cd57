-- What was on its way when the copy was made may have arrived since.
UPDATE drumbeat_state.delivery
SET state = 'unknown', reason = :reason, fence = fence + 1, lease_until = NULL, updated_at = :now
WHERE state IN ('pending', 'sending')
