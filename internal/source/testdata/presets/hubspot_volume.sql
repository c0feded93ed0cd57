-- {n} rows of each history, of a fifth as many deals, in no order.
INSERT INTO hubspot.deal (deal_id, deal_pipeline_id, deal_pipeline_stage_id, owner_id, property_dealname, property_amount, property_createdate, property_closedate)
SELECT 1000000 + d * 7, 'default', CASE WHEN d % 3 = 0 THEN 'closedwon' ELSE 'prop' END, 101, 'Deal ' || d, d, '2024-01-01'::timestamptz + d * interval '4 minutes', '2026-06-01'
FROM generate_series(1, {n} / 5) AS d ORDER BY md5(d::text);
INSERT INTO hubspot.deal_stage (deal_id, value, date_entered, source, source_id)
SELECT 1000000 + (i % ({n} / 5) + 1) * 7, CASE i % 3 WHEN 0 THEN 'appt' WHEN 1 THEN 'prop' ELSE 'zero' END, '2024-02-01'::timestamptz + i * interval '1 minute', 'CRM_UI', 'userId:9001'
FROM generate_series(1, {n}) AS i ORDER BY md5(i::text);
INSERT INTO hubspot.deal_property_history (deal_id, name, "timestamp", value, source)
SELECT 1000000 + (i % ({n} / 5) + 1) * 7, CASE i % 3 WHEN 0 THEN 'closedate' WHEN 1 THEN 'amount' ELSE 'dealname' END, '2024-02-01'::timestamptz + i * interval '1 minute', '1774915200000', 'CRM_UI'
FROM generate_series(1, {n}) AS i ORDER BY md5(i::text);
