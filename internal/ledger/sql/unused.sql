-- The first thing that any command writes is one of these.
SELECT NOT EXISTS (SELECT 1 FROM drumbeat_state.identity) AND NOT EXISTS (SELECT 1 FROM drumbeat_state.schedule)
  AND NOT EXISTS (SELECT 1 FROM drumbeat_state.run) AND NOT EXISTS (SELECT 1 FROM drumbeat_state.optout)
