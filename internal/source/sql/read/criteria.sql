SELECT deal_id, criterion, met_at
FROM criteria
ORDER BY deal_id, met_at, file_row
