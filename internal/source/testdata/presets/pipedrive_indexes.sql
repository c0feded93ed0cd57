-- Indexes by which the histories of Pipedrive's deals are read without sorting on disk. An id is a number there, and text
-- here: the expressions are those of the statements, word for word. In INCLUDE stands what the histories need of a deal:
-- leave out what the table does not have, add value__v_double where it does. VACUUM keeps that index out of the table.
CREATE INDEX IF NOT EXISTS deals_drumbeat ON pipedrive.deals
    ((CAST(id AS text)) COLLATE "C") INCLUDE (id, add_time, stage_id, value, expected_close_date, probability);
CREATE INDEX IF NOT EXISTS deals_flow_drumbeat_stages ON pipedrive.deals_flow_deal_change
    ((CAST(item_id AS text)) COLLATE "C", log_time, id)
    WHERE field_key = 'stage_id';
CREATE INDEX IF NOT EXISTS deals_flow_drumbeat_values ON pipedrive.deals_flow_deal_change
    ((CAST(item_id AS text)) COLLATE "C", log_time, id)
    WHERE field_key IN ('expected_close_date', 'value', 'probability');
