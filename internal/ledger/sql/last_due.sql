SELECT last_due FROM drumbeat_state.schedule WHERE name = :schedule
