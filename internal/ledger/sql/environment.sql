SELECT environment, origin FROM drumbeat_state.identity WHERE id = 1
