-- {n} rows of the log, of a fifth as many deals, in no order.
INSERT INTO pipedrive.deals (id, title, user_id, pipeline_id, stage_id, value, currency, add_time, status, won_time, expected_close_date, probability)
SELECT 100000 + d, 'Deal ' || d, 1, 1, 2, d, 'EUR', '2024-01-01'::timestamp + d * interval '4 minutes', CASE WHEN d % 3 = 0 THEN 'won' ELSE 'open' END, '2026-01-01', '2026-06-01', 50
FROM generate_series(1, {n} / 5) AS d ORDER BY md5(d::text);
INSERT INTO pipedrive.deals_flow_deal_change (id, item_id, user_id, field_key, old_value, new_value, log_time, change_source)
SELECT 1000 + i, 100000 + i % ({n} / 5) + 1, 1, CASE i % 4 WHEN 0 THEN 'stage_id' WHEN 1 THEN 'stage_id' WHEN 2 THEN 'value' ELSE 'title' END, '1', '2',
    '2024-02-01'::timestamptz + i * interval '1 minute', 'app'
FROM generate_series(1, {n}) AS i ORDER BY md5(i::text);
