SELECT s.deal_id, s.day, s.stage, s.expected_close, s.amount, s.currency, s.probability, s.category
FROM drumbeat_state.snapshot AS s
JOIN (SELECT deal_id, MAX(day) AS day FROM drumbeat_state.snapshot GROUP BY deal_id) AS n ON n.deal_id = s.deal_id AND n.day = s.day
ORDER BY s.deal_id
