SELECT day FROM drumbeat_state.observation ORDER BY day
