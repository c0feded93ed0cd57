SELECT starts FROM drumbeat_state.identity WHERE id = 1
