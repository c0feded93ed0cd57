SELECT name, last_due,
  (SELECT MAX(finished_at) FROM drumbeat_state.run WHERE run.schedule = schedule.name)
FROM drumbeat_state.schedule
