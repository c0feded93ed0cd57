SELECT deal_id, at, kind, party
FROM activities
ORDER BY deal_id, at, file_row
