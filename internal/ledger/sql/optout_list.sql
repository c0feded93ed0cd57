SELECT address FROM drumbeat_state.optout ORDER BY address
