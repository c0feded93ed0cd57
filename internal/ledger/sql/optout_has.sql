SELECT COUNT(*) > 0 FROM drumbeat_state.optout WHERE address = :address AND kind IN ('', :kind)
