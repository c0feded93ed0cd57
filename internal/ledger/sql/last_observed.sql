SELECT deal_id, day, stage, expected_close, amount, currency, probability, category
FROM drumbeat_state.snapshot AS s
WHERE day = (SELECT MAX(day) FROM drumbeat_state.snapshot AS n WHERE n.deal_id = s.deal_id)
ORDER BY deal_id
