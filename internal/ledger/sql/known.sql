SELECT recipient, rep_id, state
FROM drumbeat_state.delivery
WHERE schedule = :schedule AND period = :period
