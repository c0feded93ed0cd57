SELECT COUNT(*)
FROM drumbeat_state.delivery
WHERE schedule = :schedule AND period = :period AND state IN ('failed', 'unknown') AND reason <> :settled
