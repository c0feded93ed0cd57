-- Without a kind, everything that the address has ever said.
DELETE FROM drumbeat_state.optout WHERE address = :address AND (:kind = '' OR kind = :kind)
