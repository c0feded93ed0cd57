SELECT deal_id, checkpoint, reason, granted_by, at
FROM waivers
ORDER BY deal_id, at, file_row
