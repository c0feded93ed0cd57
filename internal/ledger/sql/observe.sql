INSERT INTO drumbeat_state.snapshot (deal_id, day, stage, expected_close, amount, currency, probability, category)
VALUES (:deal_id, :day, :stage, :expected_close, :amount, :currency, :probability, :category)
