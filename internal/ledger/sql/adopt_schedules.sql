UPDATE drumbeat_state.schedule SET last_due = :now, updated_at = :now WHERE last_due < :now
