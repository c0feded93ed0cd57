-- {n} rows of history, of an eighth as many deals, as they come: in the order of time.
INSERT INTO salesforce.opportunity (id, name, owner_id, stage_name, amount, created_date, close_date, is_closed, is_won, probability, forecast_category)
SELECT '006' || substr(md5(d::text), 1, 15), 'Deal ' || d, '005A', CASE WHEN d % 9 < 8 THEN 'Closed Won' ELSE 'Proposal' END, d, '2025-01-01'::timestamp + d * interval '1 minute',
    '2026-01-01', d % 9 < 8, d % 3 = 0, 50, 'Pipeline'
FROM generate_series(1, {n} / 8) AS d;
INSERT INTO salesforce.opportunity_history (id, opportunity_id, stage_name, amount, close_date, probability, forecast_category, created_by_id, created_date, is_deleted)
SELECT '008' || lpad(i::text, 12, '0'), '006' || substr(md5((i % ({n} / 8) + 1)::text), 1, 15), 'Stage ' || i / ({n} / 8), i, '2026-01-01', 50, 'Pipeline', '005A',
    '2025-01-01'::timestamp + i * interval '20 seconds', false
FROM generate_series(1, {n}) AS i;
INSERT INTO salesforce.task (id, what_id, completed_date_time, is_closed, task_subtype)
SELECT '00T' || i, '006' || substr(md5((i % ({n} / 8) + 1)::text), 1, 15), '2025-01-01'::timestamp + i * interval '20 seconds', true, 'Call'
FROM generate_series(1, {n}) AS i;
INSERT INTO salesforce.event (id, what_id, start_date_time)
SELECT '00U' || i, '006' || substr(md5((i % ({n} / 8) + 1)::text), 1, 15), '2025-01-01'::timestamp + i * interval '2 minutes'
FROM generate_series(1, {n} / 4) AS i;
