SELECT deal_id, at, expected_close, amount, probability, category, seq
FROM forecasts
ORDER BY deal_id, at, file_row
