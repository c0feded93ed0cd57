SELECT DISTINCT schedule
FROM drumbeat_state.delivery
WHERE state IN ('pending', 'sending')
  AND (state = 'pending' AND next_attempt_at <= :now OR state = 'sending' AND lease_until <= :now)
ORDER BY schedule
