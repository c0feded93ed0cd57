-- Three of the report's figures as of 2026-06-01, to the last digit: adherence by rep (the week's), the median dwell of
-- each stage, Brier by rep. Written to be quick, for the process of config/process.yaml and the rows of bench_rows.sql
-- alone: a rule that cannot matter to them (waivers, ties among forecasts, closings without a time, a name's case) is
-- left out. BenchmarkReport compares every number with the report's.
SET search_path = drumbeat;
SET TimeZone = 'UTC';
SET jit = off; -- compiling takes longer than it saves
SET work_mem = '256MB';
SET random_page_cost = 1.1;
SET parallel_setup_cost = 10;
SET parallel_tuple_cost = 0.01;

-- Deals of which a visit began within the lookback, or that closed where it may still count.
CREATE TEMP TABLE recent AS
SELECT id, rep_id, outcome = 'won' AND closed_at < '2026-06-01' AS won,
       CASE WHEN closed_at < '2026-06-01' THEN closed_at ELSE 'infinity' END AS closed_at
FROM deals AS d
WHERE pipeline = 'New business' AND (outcome <> 'lost' OR closed_at >= '2025-06-01')
  AND (id IN (SELECT deal_id FROM stage_changes WHERE at >= '2025-06-01' AND at < '2026-06-01') OR closed_at >= '2026-05-11')
ORDER BY id;
ANALYZE recent;

WITH
-- Their moves without repeats; until and next are the time and the stage of the next one. Stages are numbers: 0 lead,
-- 1 qualified, 2 discovery, 3 evaluation, 4 proposal, 5 negotiation, 6 onboarding, 7 live, 8 commitment, 9 unknown.
moves AS MATERIALIZED (
    SELECT deal_id, at, file_row, rep_id, won, closed_at, stage, lead(at) OVER w AS until, lead(stage) OVER w AS next
    FROM (
        SELECT m.deal_id, m.at, m.file_row, coalesce(m.rep_id, d.rep_id) AS rep_id, d.won, d.closed_at, s.stage, lag(s.stage) OVER w AS previous
        FROM stage_changes AS m
        JOIN recent AS d ON d.id = m.deal_id
        CROSS JOIN LATERAL (
            SELECT CASE m.stage
                WHEN 'Discovery' THEN 2 WHEN 'Evaluation' THEN 3 WHEN 'Qualified' THEN 1 WHEN 'Proposal' THEN 4 WHEN 'Lead' THEN 0 WHEN 'Commitment' THEN 8
                WHEN '1 - Qualified' THEN 1 WHEN '2 - Discovery' THEN 2 WHEN '3 - Evaluation' THEN 3 WHEN '4 - Proposal' THEN 4
                WHEN 'Negotiation' THEN CASE WHEN m.at < '2026-01-01' THEN 5 ELSE 8 END
                WHEN '5 - Negotiation' THEN CASE WHEN m.at < '2026-01-01' THEN 5 ELSE 8 END
                WHEN 'Onboarding' THEN 6 WHEN 'Live' THEN 7 ELSE 9 END AS stage
        ) AS s
        WHERE m.at < '2026-06-01' AND m.stage NOT IN ('Closed Won', 'Closed Lost')
          AND (m.at < d.closed_at OR d.won AND m.stage IN ('Onboarding', 'Live'))
        WINDOW w AS (PARTITION BY m.deal_id ORDER BY m.at, m.file_row)
    ) AS m
    WHERE stage IS DISTINCT FROM previous
    WINDOW w AS (PARTITION BY deal_id ORDER BY at, file_row)
),
-- Adherence. A checkpoint is due at most once, so the whole path of every deal that moved or was won lately counts:
-- within the longest grace before the window.
checks (since, before, pos, stage, name, grace) AS (
    SELECT since::timestamptz, before::timestamptz, pos, stage, name COLLATE "C", grace::interval
    FROM (VALUES
        ('-infinity', 'infinity', 1, 1, 'stage:qualified', NULL), ('-infinity', 'infinity', 2, 2, 'stage:discovery', NULL),
        ('-infinity', 'infinity', 2, 2, 'problem_owned', '3 day'), ('-infinity', 'infinity', 3, 3, 'stage:evaluation', NULL),
        ('-infinity', 'infinity', 3, 3, 'success_criteria', '7 day'), ('2026-02-01', 'infinity', 3, 3, 'buyer_workshop', '3 day'),
        ('-infinity', 'infinity', 4, 4, 'stage:proposal', NULL), ('-infinity', 'infinity', 4, 4, 'economic_buyer', '7 day'),
        ('-infinity', 'infinity', 4, 4, 'scope_priced', '3 day'), ('-infinity', '2026-01-01', 5, 5, 'stage:negotiation', NULL),
        ('-infinity', '2026-01-01', 5, 5, 'paper_process', '7 day'), ('2026-01-01', 'infinity', 5, 8, 'stage:commitment', NULL),
        ('2026-01-01', 'infinity', 5, 8, 'mutual_plan', '7 day'), ('2026-01-01', 'infinity', 5, 8, 'paper_process', '7 day'),
        ('-infinity', 'infinity', 6, 6, 'stage:onboarding', NULL), ('-infinity', 'infinity', 6, 6, 'rollout_owner', '14 day')
    ) AS c (since, before, pos, stage, name, grace)
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY deal_id ORDER BY at, file_row) AS n
    FROM moves
    WHERE deal_id IN (SELECT deal_id FROM moves WHERE at >= '2026-05-11' OR won AND closed_at >= '2026-05-11')
), path AS (
    SELECT *, coalesce(bit_or(1 << stage) OVER p, 0) AS visited,
           -- The latest earlier move whose stage the old (the new) version has: its number, then its position.
           max(CASE WHEN stage < 8 THEN n * 16 + stage END) OVER p AS old,
           max(CASE WHEN stage = 8 THEN n * 16 + 5 WHEN stage NOT IN (5, 9) THEN n * 16 + stage END) OVER p AS new
    FROM numbered
    WINDOW p AS (PARTITION BY deal_id ORDER BY at, file_row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), steps AS (
    SELECT deal_id, 2 * n AS step, at, rep_id, won, closed_at, visited, at >= closed_at AS after,
           CASE WHEN at < '2026-01-01' THEN CASE WHEN stage < 8 THEN stage END WHEN stage = 8 THEN 5 WHEN stage <> 9 THEN stage END AS pos,
           coalesce(CASE WHEN at < '2026-01-01' THEN old ELSE new END & 15, -1) AS reached
    FROM path
    UNION ALL -- winning, a move past every stage of the selling
    SELECT deal_id, 2 * n + 1, p.closed_at, d.rep_id, true, p.closed_at, visited | (1 << stage), false, 6,
           coalesce(CASE WHEN p.closed_at < '2026-01-01' THEN CASE WHEN stage < 8 THEN stage ELSE old & 15 END
                         WHEN stage = 8 THEN 5 WHEN stage IN (5, 9) THEN new & 15 ELSE stage END, -1)
    FROM path AS p JOIN recent AS d ON d.id = p.deal_id
    WHERE p.won AND at < p.closed_at AND (until >= p.closed_at OR until IS NULL)
), due AS (
    SELECT DISTINCT ON (s.deal_id, c.name) s.*, c.name, c.grace, c.pos = s.pos AS entered
    FROM steps AS s
    JOIN checks AS c ON c.pos > s.reached AND c.pos <= s.pos AND s.at >= c.since AND s.at < c.before AND s.visited & (1 << c.stage) = 0
    WHERE s.pos > s.reached AND (c.pos = 6 OR NOT s.after) AND (s.step % 2 = 0 OR c.pos < 6)
    ORDER BY s.deal_id, c.name, s.step
), evidence AS MATERIALIZED (
    SELECT rep_id, at + grace AS judged_at, closed_at, closed_at < at + grace AND NOT won AS lost,
           CASE name
               WHEN 'buyer_workshop' THEN (SELECT min(a.at) FROM activities AS a WHERE a.deal_id = d.deal_id AND a.kind = 'meeting' AND a.party = 'buyer')
               WHEN 'scope_priced' THEN coalesce((SELECT min(f.at) + interval '1 microsecond' FROM forecasts AS f WHERE f.deal_id = d.deal_id AND f.at < '2026-06-01' AND f.amount IS NOT NULL),
                                                 (SELECT '-infinity'::timestamptz FROM deals AS o WHERE o.id = d.deal_id AND o.amount IS NOT NULL))
               ELSE (SELECT min(c.met_at) FROM criteria AS c WHERE c.deal_id = d.deal_id AND c.criterion = d.name)
           END AS held_from,
           name = 'scope_priced' AND closed_at < '2026-06-01' AS closed_field
    FROM due AS d
    WHERE grace IS NOT NULL AND at >= '2026-05-11'
), judged AS (
    SELECT rep_id, CASE WHEN entered THEN 'met' ELSE 'missed' END AS state
    FROM due
    WHERE grace IS NULL AND at >= '2026-05-25'
    UNION ALL
    SELECT rep_id, CASE WHEN judged_at >= '2026-06-01' THEN 'pending' WHEN held_from <= judged_at THEN 'met' ELSE 'missed' END
    FROM evidence
    WHERE judged_at >= '2026-05-25' AND NOT (lost AND (held_from <= closed_at) IS NOT TRUE)
      AND NOT (closed_field AND coalesce(held_from, '-infinity') = '-infinity') -- of a closed deal its own column would be hindsight
), adherence AS (
    SELECT rep_id, count(*) FILTER (WHERE state <> 'pending') AS due, count(*) FILTER (WHERE state = 'met') AS met,
           count(*) FILTER (WHERE state = 'missed') AS missed, count(*) FILTER (WHERE state = 'pending') AS pending
    FROM judged
    GROUP BY rep_id
),
-- The median dwell of each stage, by Kaplan and Meier.
visits AS (
    SELECT stage,
           CASE WHEN won_here THEN closed_at ELSE coalesce(until, CASE WHEN NOT won THEN least(closed_at, '2026-06-01') END, '2026-06-01') END - at AS dwell,
           won_here OR next <> 9 OR next IS NULL AND NOT won AND closed_at < '2026-06-01' AS ended
    FROM moves
    CROSS JOIN LATERAL (SELECT won AND at < closed_at AND stage < 9 AND stage NOT IN (6, 7) AND (until >= closed_at OR until IS NULL) AS won_here) AS w
    WHERE at >= '2025-06-01' AND stage NOT IN (7, 9)
), dwells AS (
    SELECT stage, dwell, count(*) AS stayed, count(*) FILTER (WHERE ended) AS ended
    FROM visits
    GROUP BY stage, dwell
), risks AS (
    SELECT stage, dwell, ended, sum(stayed) OVER (PARTITION BY stage ORDER BY dwell DESC) AS at_risk
    FROM dwells
), curves AS (
    SELECT stage, dwell, ended, sum(CASE WHEN ended < at_risk THEN ln((1 - ended / at_risk)::float8) ELSE '-infinity' END) OVER (PARTITION BY stage ORDER BY dwell) AS log
    FROM risks
), medians AS (
    SELECT stage, date_part('epoch', min(dwell)) / 86400 AS days
    FROM curves
    WHERE log <= ln(0.5 + 1e-9) AND ended > 0
    GROUP BY stage
),
-- Brier, of the calls of the last four quarters. The last forecast row before the call mostly has every value, so the few
-- others are looked up in the index one by one (EXISTS would hash all forecasts for them).
calls (call, opens, closes) AS (
    VALUES (timestamptz '2025-04-15', date '2025-04-01', date '2025-07-01'), ('2025-07-15', '2025-07-01', '2025-10-01'),
           ('2025-10-15', '2025-10-01', '2026-01-01'), ('2026-01-15', '2026-01-01', '2026-04-01')
), there AS (
    SELECT d.id, d.rep_id, c.call, c.opens, c.closes, d.outcome = 'won' AND d.closed_at < c.closes AS won,
           d.outcome = 'open' OR d.closed_at >= '2026-06-01' AS live, d.expected_close AS own_close, d.probability AS own_chance, d.forecast_category AS own_category
    FROM deals AS d
    JOIN calls AS c ON d.created_at < c.call AND (d.outcome = 'open' OR d.closed_at >= c.call)
    WHERE d.pipeline = 'New business' AND (d.outcome = 'open' OR d.closed_at >= '2025-04-15')
), expected AS MATERIALIZED (
    SELECT t.*, f.probability, f.category, coalesce(f.expected_close,
        (SELECT g.expected_close FROM forecasts AS g WHERE g.deal_id = t.id AND g.at < t.call AND g.expected_close IS NOT NULL ORDER BY g.at DESC, g.file_row DESC LIMIT 1),
        CASE WHEN t.live AND (SELECT true FROM forecasts AS g WHERE g.deal_id = t.id AND g.at < '2026-06-01' AND g.expected_close IS NOT NULL LIMIT 1) IS NULL THEN t.own_close END) AS expects
    FROM there AS t
    LEFT JOIN LATERAL (SELECT * FROM forecasts AS f WHERE f.deal_id = t.id AND f.at < t.call ORDER BY f.at DESC, f.file_row DESC LIMIT 1) AS f ON true
), chances AS MATERIALIZED (
    SELECT e.rep_id, e.won, coalesce(
        e.probability,
        (SELECT f.probability FROM forecasts AS f WHERE f.deal_id = e.id AND f.at < e.call AND f.probability IS NOT NULL ORDER BY f.at DESC, f.file_row DESC LIMIT 1),
        CASE WHEN e.live AND (SELECT true FROM forecasts AS f WHERE f.deal_id = e.id AND f.at < '2026-06-01' AND f.probability IS NOT NULL LIMIT 1) IS NULL THEN e.own_chance END,
        CASE lower(coalesce(
            e.category,
            (SELECT f.category FROM forecasts AS f WHERE f.deal_id = e.id AND f.at < e.call AND f.category IS NOT NULL ORDER BY f.at DESC, f.file_row DESC LIMIT 1),
            CASE WHEN e.live AND (SELECT true FROM forecasts AS f WHERE f.deal_id = e.id AND f.at < '2026-06-01' AND f.category IS NOT NULL LIMIT 1) IS NULL THEN e.own_category END))
            WHEN 'commit' THEN 0.9 WHEN 'best_case' THEN 0.6 WHEN 'pipeline' THEN 0.2 WHEN 'omitted' THEN 0 END,
        (SELECT CASE WHEN m.stage LIKE '%Qualified' THEN 0.1 WHEN m.stage LIKE '%Discovery' THEN 0.2 WHEN m.stage LIKE '%Evaluation' THEN 0.35
                     WHEN m.stage LIKE '%Proposal' THEN 0.55 WHEN m.stage LIKE '%Negotiation' OR m.stage = 'Commitment' THEN 0.8 END
         FROM stage_changes AS m WHERE m.deal_id = e.id AND m.at < e.call AND m.stage <> 'On hold' ORDER BY m.at DESC, m.file_row DESC LIMIT 1)) AS chance
    FROM expected AS e
    WHERE e.expects >= e.opens AND e.expects < e.closes
), brier AS (
    SELECT rep_id, count(*) AS called, avg((chance::float8 - won::int) ^ 2) AS brier
    FROM chances
    WHERE chance > 0
    GROUP BY rep_id
)
SELECT rep_id AS of, coalesce(due, 0) AS due, coalesce(met, 0) AS met, coalesce(missed, 0) AS missed, coalesce(pending, 0) AS pending,
       coalesce(called, 0) AS called, brier AS value
FROM adherence FULL JOIN brier USING (rep_id)
WHERE rep_id IS NOT NULL
UNION ALL
SELECT ('{lead,qualified,discovery,evaluation,proposal,negotiation,onboarding,live,commitment}'::text[])[stage + 1], NULL, NULL, NULL, NULL, NULL, days
FROM medians;
