-- {n} tracked values, of a fifth as many deals, with half as many messages again, and Odoo's own indexes.
INSERT INTO crm_lead (id, name, type, active, user_id, team_id, company_id, stage_id, expected_revenue, probability, create_date)
SELECT 1000 + d, 'Deal ' || d, 'opportunity', true, 6, 1, 1, 1, d, 50, '2024-01-01'::timestamp + d * interval '4 minutes'
FROM generate_series(1, {n} / 5) AS d;
INSERT INTO mail_message (id, model, res_id, message_type, date, author_id)
SELECT 10000 + i, 'crm.lead', 1000 + i % ({n} / 5) + 1, CASE WHEN i > {n} THEN 'email' ELSE 'notification' END, '2024-02-01'::timestamp + i * interval '1 minute', 10
FROM generate_series(1, {n} * 3 / 2) AS i;
INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_integer, new_value_integer, new_value_float, create_date)
SELECT 10000 + i, 10000 + i, CASE WHEN i % 5 = 0 THEN 101 ELSE 100 END, 1 + i % 3, 1 + (i + 1) % 3, i, '2024-02-01'::timestamp + i * interval '1 minute'
FROM generate_series(1, {n}) AS i;
CREATE INDEX ON mail_message (model, res_id);
CREATE INDEX ON mail_tracking_value (mail_message_id);
