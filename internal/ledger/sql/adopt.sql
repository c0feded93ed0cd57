UPDATE drumbeat_state.identity SET origin = :origin, starts = :starts WHERE id = 1
