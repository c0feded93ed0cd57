SELECT message_id
FROM drumbeat_state.delivery
WHERE schedule = :schedule AND period = :period AND recipient = '' AND reason = :reason AND message_id <> ''
