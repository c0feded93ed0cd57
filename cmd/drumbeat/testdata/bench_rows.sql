-- The rows of the benchmark: SIZE deals over three years, 7 or 8 stage changes, 6 forecasts and 12 activities each.
-- Six kinds of path (j): straight, sent back, stages repeated, skipped and made up for, the source's other names, one
-- that the process does not know. Some deals close early, some go on into delivery, one in 100 is another pipeline's;
-- forecasts lack now a value, now the chance, now everything but the date.
SET search_path = drumbeat;
SET TimeZone = 'UTC';
SET synchronous_commit = on; -- else the VACUUM at the end cannot mark the pages as visible to all, and everybody reads them twice
TRUNCATE reps, deals, stage_changes, activities, forecasts, criteria;
INSERT INTO reps (id, name, manager_id, team, active)
SELECT 'r' || lpad(i::text, 4, '0'), 'Rep ' || i, CASE WHEN i > 20 THEN 'r' || lpad((1 + i % 20)::text, 4, '0') END, 'T' || (i % 20), true
FROM generate_series(1, 500) AS i;
CREATE TEMP TABLE d AS
SELECT i, 'd' || lpad(i::text, 7, '0') AS id, 'r' || lpad((1 + (h * 7 + i) % 500)::text, 4, '0') AS rep, h, g, g % 6 AS j, born,
       CASE WHEN h < 89 THEN born + interval '1 day' * CASE WHEN g % 5 = 0 THEN 35 + g % 71 ELSE 110 END + h * interval '1 hour' END AS closed,
       CASE WHEN h < 30 THEN 'won' WHEN h < 89 THEN 'lost' ELSE 'open' END AS outcome
FROM generate_series(1, SIZE) AS i,
     LATERAL (SELECT (hashint4(i) & 2147483647) % 100 AS h, (hashint4(-i) & 2147483647) % 9240 AS g,
                     timestamptz '2023-06-01' + (i * 365 * 3.0 / SIZE) * interval '1 day' AS born) AS x;
INSERT INTO deals (id, name, rep_id, pipeline, amount, currency, created_at, closed_at, outcome, stage, expected_close, probability)
SELECT id, 'Deal ' || i, rep, CASE WHEN h = 60 THEN 'Renewals' ELSE 'New business' END, 1000 + (i * 37) % 90000, 'EUR',
       born, closed, outcome, 'Proposal', (born + interval '120 day')::date, 0.5
FROM d;
-- The eighth is the closing for most, delivery for some of the won, a few of which started it with the seventh. One in
-- ten has no mover, one another's.
INSERT INTO stage_changes (deal_id, stage, at, rep_id, seq, file_row)
SELECT id,
       CASE WHEN k = 7 AND j = 4 AND h < 15 THEN 'Onboarding' WHEN k < 8 THEN (ARRAY[
           ['Lead', 'Qualified', 'Discovery', 'Evaluation', 'Proposal', 'Commitment', 'Discovery'],
           ['Lead', 'Qualified', 'Qualified', 'Discovery', 'Proposal', 'Proposal', 'Evaluation'],
           ['1 - Qualified', '2 - Discovery', '3 - Evaluation', '4 - Proposal', 'Negotiation', 'Negotiation', 'Proposal'],
           ['Lead', 'Discovery', 'Qualified', 'Evaluation', 'Evaluation', 'Commitment', 'Proposal'],
           ['Qualified', 'Discovery', 'Evaluation', 'Discovery', 'Evaluation', 'Proposal', 'Commitment'],
           ['Lead', 'Qualified', 'On hold', 'Discovery', 'Evaluation', 'Proposal', '5 - Negotiation']])[j + 1][k]
       WHEN h >= 30 THEN 'Closed Lost' WHEN h >= 15 THEN 'Closed Won' WHEN h >= 1 THEN 'Live' ELSE 'Onboarding' END,
       CASE WHEN k = 7 AND j = 4 AND h < 15 THEN closed + interval '2 day' WHEN k < 8 THEN born + ((k - (k = 5 AND g % 16 = 0)::int) * 13 + (h + k * k * (g % 16 <> 0)::int) % 7) * interval '1 day' + k * (g % 16) * interval '13 second'
       ELSE closed + interval '1 day' * CASE WHEN h < 15 THEN 5 + g % 40 ELSE 0 END END,
       CASE WHEN (g + k) % 10 = 0 THEN NULL WHEN (g + k) % 10 = 1 THEN 'r' || lpad((1 + g % 500)::text, 4, '0') ELSE rep END,
       k * SIZE + i, k * SIZE + i
FROM d, generate_series(1, 8) AS k
WHERE k < 8 OR h < 50;
INSERT INTO forecasts (deal_id, at, expected_close, amount, probability, category, file_row)
SELECT id, born + (k * 18 + h % 5) * interval '1 day',
       CASE WHEN (g + k) % 7 > 0 AND g % 33 > 0 THEN (born + (80 + k * 10) * interval '1 day')::date END,
       CASE WHEN (h + k) % 5 > 0 AND g % 35 > 0 THEN 1000 + (i * 37) % 90000 + k * 100 END,
       CASE WHEN g % 4 > 1 THEN 0.1 * k + 0.05 * (h % 4) - 0.1 END,
       CASE WHEN g % 4 <> 1 THEN (ARRAY['omitted', 'pipeline', 'pipeline', 'best_case', 'Best_Case', 'commit'])[k] END, k * SIZE + i
FROM d, generate_series(1, 6) AS k;
INSERT INTO activities (deal_id, at, kind, party, file_row)
SELECT id, born + (k * 9 + h % 4) * interval '1 day', (ARRAY['meeting', 'call', 'email'])[1 + k % 3], (ARRAY['buyer', 'seller'])[1 + (k + h) % 2], k * SIZE + i
FROM d, generate_series(1, 12) AS k;
-- Some in time, some within the grace, some too late.
INSERT INTO criteria (deal_id, criterion, met_at, file_row)
SELECT id, c.criterion, born + (c.usual + (g + h) % 25) * interval '1 day', c.n * SIZE + i
FROM d, (VALUES (1, 'problem_owned', 20, 2), (2, 'success_criteria', 35, 5), (3, 'economic_buyer', 55, 5), (4, 'paper_process', 65, 5),
                (5, 'mutual_plan', 75, 5), (6, 'rollout_owner', 90, 5)) AS c (n, criterion, usual, one_in)
WHERE (g + c.n) % c.one_in = 0;
VACUUM (ANALYZE) reps, deals, stage_changes, activities, forecasts, criteria;
