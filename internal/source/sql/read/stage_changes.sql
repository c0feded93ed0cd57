SELECT deal_id, stage, at, rep_id, seq
FROM stage_changes
ORDER BY deal_id, at, file_row
