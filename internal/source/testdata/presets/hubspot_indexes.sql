-- Indexes by which the histories of HubSpot's deals are read without sorting on disk. An id is a number there, and text
-- here: the expressions are those of the statements, word for word. With VACUUM they spare the table itself.
CREATE INDEX IF NOT EXISTS deal_drumbeat ON hubspot.deal
    ((CAST(deal_id AS text)) COLLATE "C") INCLUDE (deal_id, deal_pipeline_id);
CREATE INDEX IF NOT EXISTS deal_stage_drumbeat ON hubspot.deal_stage
    ((CAST(deal_id AS text)) COLLATE "C", date_entered);
CREATE INDEX IF NOT EXISTS deal_property_history_drumbeat ON hubspot.deal_property_history
    ((CAST(deal_id AS text)) COLLATE "C", "timestamp") INCLUDE (deal_id, name, value)
    WHERE name IN ('closedate', 'amount', 'hs_deal_stage_probability', 'hs_deal_probability', 'hs_manual_forecast_category');
-- Only where there is no deal_stage:
CREATE INDEX IF NOT EXISTS deal_property_history_drumbeat_stages ON hubspot.deal_property_history
    ((CAST(deal_id AS text)) COLLATE "C", "timestamp") INCLUDE (deal_id, value, source, source_id)
    WHERE name = 'dealstage';
