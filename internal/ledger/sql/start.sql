UPDATE drumbeat_state.identity SET starts = :starts WHERE id = 1
