-- The rows of the benchmark: SIZE deals over three years, 7 or 8 stage changes, 6 forecasts and 12 activities each.
SET search_path = drumbeat;
SET TimeZone = 'UTC';
TRUNCATE reps, deals, stage_changes, activities, forecasts, criteria;
INSERT INTO reps (id, name, manager_id, team, active)
SELECT 'r' || lpad(i::text, 4, '0'), 'Rep ' || i, CASE WHEN i > 20 THEN 'r' || lpad((1 + i % 20)::text, 4, '0') END, 'T' || (i % 20), true
FROM generate_series(1, 500) AS i;
CREATE TEMP TABLE d AS
SELECT i, 'd' || lpad(i::text, 7, '0') AS id, 'r' || lpad((1 + (h * 7 + i) % 500)::text, 4, '0') AS rep, h,
       timestamptz '2023-06-01' + (i * 365 * 3.0 / SIZE) * interval '1 day' AS born
FROM generate_series(1, SIZE) AS i, LATERAL (SELECT (hashint4(i) & 2147483647) % 100 AS h) AS x;
INSERT INTO deals (id, name, rep_id, amount, currency, created_at, closed_at, outcome, stage, expected_close, probability)
SELECT id, 'Deal ' || i, rep, 1000 + (i * 37) % 90000, 'EUR', born, CASE WHEN h < 89 THEN born + interval '110 day' + h * interval '1 hour' END,
       CASE WHEN h < 30 THEN 'won' WHEN h < 89 THEN 'lost' ELSE 'open' END, 'Proposal', (born + interval '120 day')::date, 0.5
FROM d;
INSERT INTO stage_changes (deal_id, stage, at, rep_id, seq, file_row)
SELECT id, (ARRAY['Lead', 'Qualified', 'Discovery', 'Evaluation', 'Proposal', 'Commitment', 'Discovery', 'Proposal'])[k],
       born + (k * 13 + (h + k * k) % 7) * interval '1 day' + k * interval '13 second', rep, k * SIZE + i, k * SIZE + i
FROM d, generate_series(1, 8) AS k
WHERE k < 8 OR h < 50;
INSERT INTO forecasts (deal_id, at, expected_close, amount, probability, category, file_row)
SELECT id, born + (k * 18 + h % 5) * interval '1 day', (born + (80 + k * 10) * interval '1 day')::date,
       1000 + (i * 37) % 90000 + k * 100, 0.1 * k + 0.05, 'pipeline', k * SIZE + i
FROM d, generate_series(1, 6) AS k;
INSERT INTO activities (deal_id, at, kind, party, file_row)
SELECT id, born + (k * 9 + h % 4) * interval '1 day', (ARRAY['meeting', 'call', 'email'])[1 + k % 3], (ARRAY['buyer', 'seller'])[1 + (k + h) % 2], k * SIZE + i
FROM d, generate_series(1, 12) AS k;
INSERT INTO criteria (deal_id, criterion, met_at, file_row)
SELECT id, 'problem_owned', born + interval '50 day', i FROM d WHERE h % 2 = 0;
VACUUM (ANALYZE) reps, deals, stage_changes, activities, forecasts, criteria;
