UPDATE drumbeat_state.run SET finished_at = :now WHERE schedule = :schedule AND period = :period
