-- Spoils the benchmark's rows in the ways that real ones are spoiled, each for some of the deals, so that SQL which
-- leaves out a rule gives other figures than the report.
SET search_path = drumbeat;
SET TimeZone = 'UTC';
CREATE FUNCTION pg_temp.dice(id text, of int, sides int) RETURNS boolean IMMUTABLE LANGUAGE sql
AS $$ SELECT (hashtext(id || of) & 2147483647) % sides = 0 $$;
-- Names in any case and with blanks, names that no version knows, one in two spellings, moves tied with and without seq.
UPDATE stage_changes SET stage = E' \t' || upper(stage) || ' ' WHERE pg_temp.dice(deal_id || file_row, 1, 9);
UPDATE stage_changes SET stage = 'parked ' WHERE pg_temp.dice(deal_id || file_row, 2, 25);
UPDATE stage_changes SET stage = 'Parked' WHERE pg_temp.dice(deal_id || file_row, 3, 25);
UPDATE stage_changes SET at = date_trunc('month', at) WHERE pg_temp.dice(deal_id, 4, 4);
UPDATE stage_changes SET seq = CASE WHEN pg_temp.dice(deal_id || file_row, 5, 3) THEN hashtext(deal_id || file_row) % 3 END WHERE pg_temp.dice(deal_id, 6, 3);
UPDATE stage_changes SET rep_id = 'nobody knows' WHERE pg_temp.dice(deal_id || file_row, 7, 30);
-- Moves on and after the day of closing, into the selling and after it.
INSERT INTO stage_changes (deal_id, stage, at, rep_id, seq, file_row)
SELECT id, s, closed_at + n * interval '3 day', rep_id, n, 100000000 + n
FROM deals, (VALUES (0, 'Onboarding'), (0, 'Proposal'), (1, 'Live'), (2, 'Evaluation'), (3, 'Onboarding')) AS x (n, s)
WHERE closed_at IS NOT NULL AND pg_temp.dice(id || s, 8, 4)
ON CONFLICT DO NOTHING;
DELETE FROM stage_changes AS m USING deals AS d WHERE d.id = m.deal_id AND m.at < d.closed_at AND pg_temp.dice(m.deal_id, 9, 20);
-- Closed nobody knows when, before it was created, or when its changes say so; there before it was created; no owner.
UPDATE deals SET closed_at = NULL WHERE outcome <> 'open' AND pg_temp.dice(id, 10, 6);
UPDATE deals SET created_at = closed_at + interval '2 day' WHERE pg_temp.dice(id, 11, 12) AND closed_at IS NOT NULL;
UPDATE deals SET created_at = created_at + interval '60 day' WHERE pg_temp.dice(id, 12, 8);
UPDATE deals SET rep_id = NULL WHERE pg_temp.dice(id, 13, 15);
UPDATE deals SET pipeline = CASE WHEN pg_temp.dice(id, 14, 2) THEN E' NEW business\t' END WHERE pg_temp.dice(id, 15, 10);
UPDATE deals SET amount = NULL WHERE pg_temp.dice(id, 16, 3);
UPDATE deals SET probability = NULL, forecast_category = (ARRAY['Commit ', 'perhaps', 'pipeline'])[1 + (hashtext(id) & 7) % 3] WHERE pg_temp.dice(id, 17, 2);
-- Forecasts tied, with and without seq, of categories that nobody knows, and none at all for some.
UPDATE forecasts SET at = date_trunc('month', at) WHERE pg_temp.dice(deal_id, 18, 3);
UPDATE forecasts SET seq = hashtext(deal_id || file_row) % 4 WHERE pg_temp.dice(deal_id || file_row, 19, 2);
UPDATE forecasts SET category = ' COMMIT ', probability = NULL WHERE pg_temp.dice(deal_id || file_row, 20, 6);
UPDATE forecasts SET category = 'perhaps', probability = NULL WHERE pg_temp.dice(deal_id || file_row, 21, 6);
UPDATE forecasts SET amount = NULL WHERE pg_temp.dice(deal_id, 22, 4);
DELETE FROM forecasts WHERE pg_temp.dice(deal_id, 23, 8);
-- Proof at the very instant at which it is asked for, by any spelling of a kind, by nobody; and waivers.
UPDATE forecasts AS f SET at = m.at + interval '3 day'
FROM stage_changes AS m WHERE m.deal_id = f.deal_id AND m.stage IN ('Proposal', '4 - Proposal') AND pg_temp.dice(f.deal_id, 28, 4);
UPDATE activities SET kind = upper(kind) WHERE pg_temp.dice(deal_id || file_row, 24, 3);
UPDATE activities SET party = NULL WHERE pg_temp.dice(deal_id || file_row, 25, 3);
UPDATE criteria AS c SET met_at = m.at + interval '7 day'
FROM stage_changes AS m WHERE m.deal_id = c.deal_id AND m.stage IN ('Proposal', '4 - Proposal') AND pg_temp.dice(c.deal_id, 26, 3);
INSERT INTO waivers (deal_id, checkpoint, reason, at, file_row)
SELECT id, c, 'agreed', timestamptz '2026-06-03' - n * interval '4 day', n
FROM deals, (VALUES (0, 'buyer:mutual_plan'), (1, 'stage:evaluation'), (2, 'buyer:economic_buyer'), (3, 'buyer:scope_priced'), (4, 'stage:proposal')) AS x (n, c)
WHERE pg_temp.dice(id || c, 27, 5);
ANALYZE reps, deals, stage_changes, activities, forecasts, criteria, waivers;
