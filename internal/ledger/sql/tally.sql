-- What became of the deliveries that were touched since: those of a run were, when it was planned. Only an index is read:
-- the stored mails lie in between.
SELECT schedule, period, state, COUNT(*)
FROM drumbeat_state.delivery
WHERE updated_at >= :from
GROUP BY state, schedule, period
