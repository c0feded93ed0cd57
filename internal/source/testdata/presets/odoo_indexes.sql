-- What Odoo's own indexes lack to read deal by deal, for preset odoo. Odoo leaves indexes that it does not know alone. They
-- take a few minutes on a million messages; CONCURRENTLY lets people work meanwhile.
--
-- The order in which deals are read. Without it the ids of all deals are sorted on disk, four times.
CREATE INDEX CONCURRENTLY drumbeat_deals ON crm_lead ((CAST(id AS text)) COLLATE "C", id) WHERE type = 'opportunity';
-- The messages of a deal, for tracked changes, and those that somebody wrote. Without them Odoo's own index on
-- (model, res_id) serves, and every message of a deal is fetched to see whether it counts: two to three times as long.
CREATE INDEX CONCURRENTLY drumbeat_changes ON mail_message (res_id, id, author_id) WHERE model = 'crm.lead';
CREATE INDEX CONCURRENTLY drumbeat_messages ON mail_message (res_id)
    WHERE model = 'crm.lead' AND (message_type IN ('email', 'comment') OR mail_activity_type_id IS NOT NULL);
-- The meetings of a deal. From 14 on Odoo has such an index of its own; where none is, all meetings are gone through for
-- every deal, which takes for ever.
CREATE INDEX CONCURRENTLY drumbeat_meetings ON calendar_event (opportunity_id) WHERE opportunity_id IS NOT NULL;
