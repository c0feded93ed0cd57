SELECT id, name, rep_id, pipeline, amount, currency, created_at, closed_at, outcome, stage,
       expected_close, probability, forecast_category, loss_reason
FROM deals
ORDER BY id
