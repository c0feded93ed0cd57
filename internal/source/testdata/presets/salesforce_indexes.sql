-- In the order of the deals' ids, byte by byte, and with all that is read: the histories then come without a sort, and,
-- after a VACUUM, without a look at the tables.
CREATE INDEX drumbeat_opportunity_history ON salesforce.opportunity_history (opportunity_id COLLATE "C", created_date, id COLLATE "C")
    INCLUDE (stage_name, created_by_id, close_date, amount, probability, forecast_category, is_deleted);
CREATE INDEX drumbeat_task ON salesforce.task (what_id COLLATE "C")
    INCLUDE (completed_date_time, activity_date, created_date, is_closed, task_subtype, type, call_type, is_deleted);
CREATE INDEX drumbeat_event ON salesforce.event (what_id COLLATE "C")
    INCLUDE (start_date_time, activity_date_time, is_child, is_deleted);
CREATE INDEX drumbeat_opportunity ON salesforce.opportunity (id COLLATE "C");
