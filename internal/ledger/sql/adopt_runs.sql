UPDATE drumbeat_state.run SET finished_at = :now WHERE finished_at IS NULL
