SELECT COALESCE(MAX(version_id), 0) FROM drumbeat_state.ledger_version
