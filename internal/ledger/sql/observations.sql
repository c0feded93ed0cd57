-- A page: those that come after one, in order.
SELECT deal_id, day, stage, expected_close, amount, currency, probability, category
FROM drumbeat_state.snapshot
WHERE (deal_id, day) > (:deal_id, :day) AND day <= :until
ORDER BY deal_id, day
LIMIT :most
