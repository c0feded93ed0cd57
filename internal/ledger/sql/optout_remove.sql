DELETE FROM drumbeat_state.optout WHERE address = :address
