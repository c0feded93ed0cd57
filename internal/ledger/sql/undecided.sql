-- What waits for its time, for a relay or for somebody, however old it is.
SELECT schedule, period, state, COUNT(*), MIN(id)
FROM drumbeat_state.delivery
WHERE state IN ('pending', 'sending', 'unknown')
GROUP BY state, schedule, period
ORDER BY schedule, period
