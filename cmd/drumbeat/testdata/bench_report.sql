-- Three of the report's figures: adherence by rep (the week's), the median dwell of each stage, Brier by rep; right for
-- any canonical rows and any process. It is what a team without drumbeat would keep in a reporting job: one statement
-- that only reads. What is particular to a company stands in the first CTEs, down to requirements; no rule after them knows
-- a stage, a name or a date. BenchmarkReport compares every number with the report's.
SET search_path = drumbeat;
SET TimeZone = 'UTC'; -- also: a day is 86 400 s

WITH
-- Inlined, so that the planner sees constants.
settings AS NOT MATERIALIZED (
    SELECT timestamptz '2026-06-01' AS as_of, 'UTC' AS time_zone, interval '7 day' AS report_window, interval '365 day' AS lookback,
           interval '3 day' AS grace, 'quarter' AS period, interval '3 month' AS period_length, interval '0 month' AS fiscal_shift,
           interval '14 day' AS call_after, E' \t\n\x0b\f\r' AS blanks
),
pipelines (name) AS NOT MATERIALIZED (VALUES ('new business')), -- empty: all
closed_stages (name, outcome) AS NOT MATERIALIZED (VALUES ('closed won', 'won'), ('closed lost', 'lost')),
category_chances (category, chance) AS (VALUES ('commit', 0.9), ('best_case', 0.6), ('pipeline', 0.2), ('omitted', 0)),
versions (version, effective) AS (VALUES (1, date '2024-01-01'), (2, date '2026-01-01')), -- in order; from the first midnight on
stages AS (SELECT version, position, key COLLATE "C", phase, mandatory, final, win_probability FROM (VALUES
    (1, 0, 'lead', 'before', false, false, NULL), (2, 0, 'lead', 'before', false, false, NULL),
    (1, 1, 'qualified', 'before', true, false, 0.1), (2, 1, 'qualified', 'before', true, false, 0.1),
    (1, 2, 'discovery', 'selling', true, false, 0.2), (2, 2, 'discovery', 'selling', true, false, 0.2),
    (1, 3, 'evaluation', 'selling', true, false, 0.35), (2, 3, 'evaluation', 'selling', true, false, 0.35),
    (1, 4, 'proposal', 'selling', true, false, 0.55), (2, 4, 'proposal', 'selling', true, false, 0.55),
    (1, 5, 'negotiation', 'selling', true, false, 0.8), (2, 5, 'commitment', 'selling', true, false, 0.8),
    (1, 6, 'onboarding', 'after', true, false, NULL), (2, 6, 'onboarding', 'after', true, false, NULL),
    (1, 7, 'live', 'after', false, true, NULL), (2, 7, 'live', 'after', false, true, NULL)) AS s (version, position, key, phase, mandatory, final, win_probability)),
names (version, key, name) AS (VALUES -- trimmed, in lower case
    (1, 'lead', 'lead'), (2, 'lead', 'lead'),
    (1, 'qualified', 'qualified'), (1, 'qualified', '1 - qualified'), (2, 'qualified', 'qualified'), (2, 'qualified', '1 - qualified'),
    (1, 'discovery', 'discovery'), (1, 'discovery', '2 - discovery'), (2, 'discovery', 'discovery'), (2, 'discovery', '2 - discovery'),
    (1, 'evaluation', 'evaluation'), (1, 'evaluation', 'solution fit'), (1, 'evaluation', '3 - evaluation'),
    (2, 'evaluation', 'evaluation'), (2, 'evaluation', 'solution fit'), (2, 'evaluation', '3 - evaluation'),
    (1, 'proposal', 'proposal'), (1, 'proposal', '4 - proposal'), (2, 'proposal', 'proposal'), (2, 'proposal', '4 - proposal'),
    (1, 'negotiation', 'negotiation'), (1, 'negotiation', '5 - negotiation'), (2, 'commitment', 'commitment'),
    (2, 'commitment', '5 - commitment'), (2, 'commitment', 'negotiation'), (2, 'commitment', '5 - negotiation'),
    (1, 'onboarding', 'onboarding'), (1, 'onboarding', 'delivery'), (2, 'onboarding', 'onboarding'), (2, 'onboarding', 'delivery'),
    (1, 'live', 'live'), (2, 'live', 'live')),
-- means: criterion (what: its key in criteria), activity (what: its kind, null for any), field (what: amount or expected_close)
requirements (version, stage, key, since, grace, means, what, party, least) AS (VALUES
    (1, 'discovery', 'problem_owned', NULL::date, NULL::interval, 'criterion', 'problem_owned', NULL, NULL::int),
    (2, 'discovery', 'problem_owned', NULL, NULL, 'criterion', 'problem_owned', NULL, NULL),
    (1, 'evaluation', 'success_criteria', NULL, '7 day', 'criterion', 'success_criteria', NULL, NULL),
    (2, 'evaluation', 'success_criteria', NULL, '7 day', 'criterion', 'success_criteria', NULL, NULL),
    (2, 'evaluation', 'buyer_workshop', '2026-02-01', NULL, 'activity', 'meeting', 'buyer', 1),
    (1, 'proposal', 'economic_buyer', NULL, '7 day', 'criterion', 'economic_buyer', NULL, NULL),
    (2, 'proposal', 'economic_buyer', NULL, '7 day', 'criterion', 'economic_buyer', NULL, NULL),
    (1, 'proposal', 'scope_priced', NULL, NULL, 'field', 'amount', NULL, NULL),
    (2, 'proposal', 'scope_priced', NULL, NULL, 'field', 'amount', NULL, NULL),
    (1, 'negotiation', 'paper_process', NULL, '7 day', 'criterion', 'paper_process', NULL, NULL),
    (2, 'commitment', 'mutual_plan', NULL, '7 day', 'criterion', 'mutual_plan', NULL, NULL),
    (2, 'commitment', 'paper_process', NULL, '7 day', 'criterion', 'paper_process', NULL, NULL),
    (1, 'onboarding', 'rollout_owner', NULL, '14 day', 'criterion', 'rollout_owner', NULL, NULL),
    (2, 'onboarding', 'rollout_owner', NULL, '14 day', 'criterion', 'rollout_owner', NULL, NULL)),

-- The last four completed forecast periods, with the instant of the call.
periods AS MATERIALIZED (
    SELECT first_day::date, (first_day + period_length)::date - 1 AS last_day, first_day AT TIME ZONE time_zone + call_after AS call,
           (first_day + period_length) AT TIME ZONE time_zone AS ends
    FROM settings CROSS JOIN generate_series(1, 4) AS n
    CROSS JOIN LATERAL (SELECT date_trunc(period, as_of AT TIME ZONE time_zone - fiscal_shift) + fiscal_shift - n * period_length AS first_day) AS x
),
-- When each version was in force; of several of one date only the last ever is.
eras AS MATERIALIZED (
    SELECT version, CASE WHEN lag(version) OVER w IS NULL THEN '-infinity' ELSE effective::timestamp AT TIME ZONE time_zone END AS since,
           coalesce(lead(effective) OVER w::timestamp AT TIME ZONE time_zone, 'infinity') AS until
    FROM versions CROSS JOIN settings
    WINDOW w AS (ORDER BY version)
),
-- What a name means in each era: looked up in its version, in earlier ones from the newest, in later ones from the oldest.
-- The attributes are those of the era's version if it has the stage, else of the version that knew the name.
meanings AS MATERIALIZED (
    SELECT n.name, e.since, e.until, NULL AS closes, e.version, n.key, here.position, a.phase, a.final, a.win_probability
    FROM eras AS e
    CROSS JOIN LATERAL (SELECT DISTINCT ON (name) * FROM names ORDER BY name, names.version > e.version, abs(names.version - e.version)) AS n
    LEFT JOIN stages AS here ON here.version = e.version AND here.key = n.key
    JOIN stages AS a ON a.version = coalesce(here.version, n.version) AND a.key = n.key
    WHERE n.name NOT IN (SELECT name FROM closed_stages)
    UNION ALL
    SELECT name, '-infinity', 'infinity', outcome, NULL, NULL, NULL, NULL, NULL, NULL
    FROM closed_stages
),
-- The checkpoints of each stage of each version; those of one name have one number.
checks AS MATERIALIZED (
    SELECT dense_rank() OVER (ORDER BY c.name) AS check_no, c.*
    FROM (
        SELECT s.version, s.position, s.key AS stage, s.phase, s.mandatory, 'stage:' || s.key AS name, '-infinity'::timestamptz AS since,
               interval '0' AS grace, NULL AS means, NULL AS what, NULL AS party, NULL::int AS least
        FROM stages AS s
        WHERE s.mandatory
        UNION ALL
        SELECT s.version, s.position, s.key, s.phase, s.mandatory, 'buyer:' || r.key, coalesce(r.since::timestamp AT TIME ZONE time_zone, '-infinity'),
               coalesce(r.grace, settings.grace), r.means, r.what, r.party, r.least
        FROM requirements AS r
        JOIN stages AS s ON s.version = r.version AND s.key = r.stage
        CROSS JOIN settings
        WHERE r.means <> 'activity' OR EXISTS (SELECT FROM activities AS a JOIN deals AS d ON d.id = a.deal_id WHERE a.party <> '' AND a.at < as_of)
    ) AS c
),
-- Nothing that happened before these instants can be judged within the window, or is learned from.
horizons AS MATERIALIZED (
    SELECT as_of, window_start, as_of - lookback AS lookback_start, window_start - longest AS due_since, least(as_of - lookback, window_start - longest) AS since
    FROM settings
    CROSS JOIN LATERAL (SELECT (as_of AT TIME ZONE time_zone - report_window) AT TIME ZONE time_zone AS window_start,
                               (SELECT max(c.grace) FROM checks AS c) AS longest) AS x
),

-- Deals closed at a time that only their stage changes tell.
closings AS (
    SELECT d.id, coalesce(max(m.at) FILTER (WHERE m.at < as_of), 'infinity') AS closed_at
    FROM settings
    CROSS JOIN deals AS d
    JOIN stage_changes AS m ON m.deal_id = d.id
    JOIN closed_stages AS c ON c.name = lower(btrim(m.stage, blanks)) AND c.outcome = d.outcome
    WHERE d.closed_at IS NULL AND d.outcome <> 'open'
    GROUP BY d.id
),
early AS ( -- deals that were there before they were created
    SELECT d.id, min(m.at) AS born
    FROM deals AS d
    JOIN stage_changes AS m ON m.deal_id = d.id AND m.at < d.created_at
    WHERE d.created_at >= (SELECT min(call) FROM periods) -- nothing else asks
    GROUP BY d.id
),
measured AS ( -- one by one, because to lower a name takes longer than to read a deal
    SELECT d.pipeline
    FROM (SELECT DISTINCT pipeline FROM deals OFFSET 0) AS d
    CROSS JOIN settings
    JOIN pipelines AS p ON p.name = lower(btrim(d.pipeline, blanks))
),
-- The deals as of the instant: closed later is open; closed nobody knows when is left out.
seen AS MATERIALIZED (
    SELECT d.id, nullif(d.rep_id, '') AS rep_id, least(d.created_at, e.born) AS born, d.outcome = 'won' AND x.closing < as_of AS won,
           CASE WHEN x.closing < as_of THEN x.closing ELSE 'infinity' END AS closed_at,
           d.expected_close, d.probability, d.forecast_category
    FROM deals AS d
    CROSS JOIN settings
    LEFT JOIN closings AS c ON c.id = d.id
    LEFT JOIN early AS e ON e.id = d.id
    CROSS JOIN LATERAL (SELECT CASE WHEN d.outcome = 'open' THEN 'infinity' WHEN d.closed_at IS NOT NULL THEN greatest(d.closed_at, d.created_at)
                                    ELSE c.closed_at END AS closing) AS x
    WHERE (d.pipeline IN (SELECT pipeline FROM measured) OR NOT EXISTS (SELECT FROM pipelines)) AND x.closing IS NOT NULL
),

-- Brier. The deals that were there and open at a call, each value in force by itself.
called AS MATERIALIZED (
    SELECT d.id, d.rep_id, p.call, d.won AND d.closed_at < p.ends AS won, d.closed_at = 'infinity' AS is_open, d.probability, d.forecast_category
    FROM seen AS d
    CROSS JOIN settings
    JOIN periods AS p ON d.born < p.call AND d.closed_at >= p.call
    LEFT JOIN LATERAL (
        SELECT f.expected_close
        FROM forecasts AS f
        WHERE f.deal_id = d.id AND f.at < p.call AND f.expected_close IS NOT NULL
        ORDER BY f.at DESC, f.seq DESC NULLS FIRST, f.file_row DESC LIMIT 1
    ) AS f ON true
    WHERE coalesce(
        f.expected_close, -- where no row has a value, an open deal's own column does
        CASE WHEN d.closed_at = 'infinity'
                  AND NOT EXISTS (SELECT FROM forecasts AS f WHERE f.deal_id = d.id AND f.at < as_of AND f.expected_close IS NOT NULL)
             THEN d.expected_close END) BETWEEN p.first_day AND p.last_day
),
stated AS MATERIALIZED (
    SELECT c.id, c.rep_id, c.call, c.won, coalesce(
            p.probability,
            CASE WHEN is_open AND NOT EXISTS (SELECT FROM forecasts AS f WHERE f.deal_id = c.id AND f.at < as_of AND f.probability IS NOT NULL) THEN c.probability END,
            k.chance) AS chance
    FROM called AS c
    CROSS JOIN settings
    LEFT JOIN LATERAL (
        SELECT f.probability
        FROM forecasts AS f
        WHERE f.deal_id = c.id AND f.at < c.call AND f.probability IS NOT NULL
        ORDER BY f.at DESC, f.seq DESC NULLS FIRST, f.file_row DESC LIMIT 1
    ) AS p ON true
    LEFT JOIN LATERAL (
        SELECT f.category
        FROM forecasts AS f
        WHERE p.probability IS NULL AND f.deal_id = c.id AND f.at < c.call AND f.category <> ''
        ORDER BY f.at DESC, f.seq DESC NULLS FIRST, f.file_row DESC LIMIT 1
    ) AS f ON true
    LEFT JOIN category_chances AS k ON k.category = lower(btrim(coalesce(
        f.category,
        CASE WHEN p.probability IS NULL AND is_open AND NOT EXISTS (SELECT FROM forecasts AS f WHERE f.deal_id = c.id AND f.at < as_of AND f.category <> '')
             THEN c.forecast_category END), blanks))
),

-- The deals of which a move can matter: one within the horizon, a win to judge, a call for which the stage speaks.
walked AS MATERIALIZED (
    SELECT d.id, d.rep_id, d.won, d.closed_at, m.last >= h.due_since OR d.won AND d.closed_at >= h.due_since AS judged
    FROM seen AS d
    CROSS JOIN horizons AS h
    LEFT JOIN (
        SELECT deal_id, max(at) AS last
        FROM stage_changes
        WHERE at >= (SELECT since FROM horizons) AND at < (SELECT as_of FROM horizons)
        GROUP BY deal_id
    ) AS m ON m.deal_id = d.id
    WHERE m.last IS NOT NULL OR d.won AND d.closed_at >= h.due_since OR d.id IN (SELECT c.id FROM stated AS c WHERE c.chance IS NULL)
),
-- What each name in the rows means in each era, numbered in the order that decides between moves at one instant.
known AS MATERIALIZED (
    SELECT k.*, row_number() OVER (ORDER BY k.position, k.name) AS place, dense_rank() OVER (ORDER BY k.stage) AS same
    FROM (
        SELECT n.stage COLLATE "C" AS name, coalesce(k.since, '-infinity') AS since, coalesce(k.until, 'infinity') AS until, k.closes, k.version, k.key,
               k.position, k.phase = 'after' AS after, k.final, k.win_probability,
               coalesce(k.key, '?' || lower(btrim(n.stage, blanks))) AS stage -- no key has a question mark
        FROM (SELECT DISTINCT stage FROM stage_changes) AS n
        CROSS JOIN settings
        LEFT JOIN meanings AS k ON k.name = lower(btrim(n.stage, blanks))
    ) AS k
),
-- Their moves, without repeats; until and next are the next one's.
moves AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT deal_id, at, rep_id, won, closed_at, judged, place, same, version, after, final,
               row_number() OVER w AS n, lead(at) OVER w AS until, lead(version) OVER w AS next, first_value(at) OVER w AS first_at
        FROM (
            SELECT m.deal_id, m.at, m.seq, m.file_row, coalesce(nullif(m.rep_id, ''), m.owner) AS rep_id, m.won, m.closed_at, m.judged,
                   k.place, k.same, k.version, k.after, k.final, lag(k.same) OVER w AS previous
            FROM (
                SELECT m.deal_id, m.at, m.seq, m.file_row, m.stage, m.rep_id, d.rep_id AS owner, d.won, d.closed_at, d.judged
                FROM walked AS d
                JOIN stage_changes AS m ON m.deal_id = d.id
                WHERE (d.won OR m.at < d.closed_at) AND m.at < (SELECT h.as_of FROM horizons AS h)
                ORDER BY m.deal_id, m.at -- the order of the index: nothing to sort
            ) AS m
            JOIN known AS k ON k.name = m.stage AND m.at >= k.since AND m.at < k.until
            WHERE k.closes IS NULL AND (m.at < m.closed_at OR k.after)
            WINDOW w AS (PARTITION BY m.deal_id ORDER BY m.at, m.seq, k.place, m.file_row)
        ) AS m
        WHERE same IS DISTINCT FROM previous
        WINDOW w AS (PARTITION BY deal_id ORDER BY at, seq, place, file_row)
    ) AS m
    WHERE first_at < closed_at -- a deal that only moved after its closing has no path
),

-- Adherence. A checkpoint is due at most once, so the whole path of every deal counts that moved or was won lately.
path AS MATERIALIZED (
    SELECT m.deal_id, m.at, m.n, m.rep_id, m.won, m.closed_at, m.version, k.key AS stage
    FROM moves AS m
    JOIN known AS k USING (place)
    WHERE m.judged AND m.version IS NOT NULL
),
-- Each move at its place in every version that has its stage, where the deal came from in that version and where it had been.
placed AS (
    SELECT p.deal_id, p.at, p.n, p.rep_id, p.closed_at, p.version AS in_force, s.version, s.position,
           coalesce(lag(s.position) OVER w, -1) AS reached, coalesce(array_agg(s.position) OVER w, '{}') AS visited
    FROM path AS p JOIN stages AS s ON s.key = p.stage
    WINDOW w AS (PARTITION BY p.deal_id, s.version ORDER BY p.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
wins AS ( -- a move past every stage before or in the selling
    SELECT p.deal_id, p.closed_at, d.rep_id, e.version,
           coalesce((array_agg(s.position ORDER BY p.n DESC) FILTER (WHERE s.position IS NOT NULL))[1], -1) AS reached,
           coalesce(array_agg(s.position) FILTER (WHERE s.position IS NOT NULL), '{}') AS visited
    FROM path AS p
    JOIN walked AS d ON d.id = p.deal_id
    JOIN eras AS e ON p.closed_at >= e.since AND p.closed_at < e.until
    LEFT JOIN stages AS s ON s.version = e.version AND s.key = p.stage
    WHERE p.won AND p.at < p.closed_at
    GROUP BY p.deal_id, p.closed_at, d.rep_id, e.version
),
steps AS (
    SELECT deal_id, at, n, rep_id, version, reached, visited, position AS target, position AS entered, at >= closed_at AS after_closing
    FROM placed
    WHERE version = in_force AND position > reached
    UNION ALL
    SELECT deal_id, closed_at, 0, rep_id, version, reached, visited, target, NULL, false -- before moves at that instant
    FROM wins
    JOIN (SELECT version, 1 + max(position) AS target FROM stages WHERE phase <> 'after' GROUP BY version) AS t USING (version)
),
due AS MATERIALIZED (
    SELECT DISTINCT ON (s.deal_id, c.check_no) s.deal_id, s.at, s.rep_id, c.name, c.means, c.what, c.party, c.least,
           c.position IS NOT DISTINCT FROM s.entered AS entered, s.at + c.grace AS judged_at
    FROM steps AS s
    JOIN checks AS c ON c.version = s.version AND c.position > s.reached AND s.at >= c.since AND c.position <> ALL (s.visited)
                    AND (c.position < s.target AND c.mandatory OR c.position = s.entered) AND (c.phase = 'after' OR NOT s.after_closing)
    -- a field of a closed deal without any row of it would be hindsight
    WHERE c.means IS DISTINCT FROM 'field' OR s.deal_id IN (SELECT id FROM walked WHERE closed_at = 'infinity')
       OR EXISTS (SELECT FROM forecasts AS f, settings WHERE f.deal_id = s.deal_id AND f.at < as_of
                  AND CASE c.what WHEN 'amount' THEN f.amount IS NOT NULL ELSE f.expected_close IS NOT NULL END)
    ORDER BY s.deal_id, c.check_no, s.at, s.n
),
evidence AS MATERIALIZED (
    SELECT d.rep_id, d.deal_id, d.name, d.judged_at, w.won, w.closed_at,
           CASE d.means
               WHEN 'criterion' THEN (SELECT min(c.met_at) FROM criteria AS c WHERE c.deal_id = d.deal_id AND c.criterion = d.what)
               WHEN 'activity' THEN (SELECT a.at FROM activities AS a WHERE a.deal_id = d.deal_id AND a.party = d.party
                                       AND (d.what IS NULL OR lower(a.kind) = lower(d.what))
                                     ORDER BY a.at OFFSET d.least - 1 LIMIT 1)
               ELSE coalesce( -- in force only after its row, by a microsecond
                   (SELECT min(f.at) + interval '1 microsecond' FROM forecasts AS f
                    WHERE f.deal_id = d.deal_id AND f.at < h.as_of AND CASE d.what WHEN 'amount' THEN f.amount IS NOT NULL ELSE f.expected_close IS NOT NULL END),
                   (SELECT '-infinity'::timestamptz FROM deals AS o
                    WHERE o.id = d.deal_id AND CASE d.what WHEN 'amount' THEN o.amount IS NOT NULL ELSE o.expected_close IS NOT NULL END))
           END AS held_from
    FROM due AS d
    CROSS JOIN horizons AS h
    JOIN walked AS w ON w.id = d.deal_id
    WHERE d.means IS NOT NULL AND d.judged_at >= h.window_start
),
judged AS (
    SELECT deal_id, name, rep_id, CASE WHEN entered THEN 'met' ELSE 'missed' END AS state
    FROM due CROSS JOIN horizons
    WHERE means IS NULL AND judged_at >= window_start
    UNION ALL
    SELECT deal_id, name, rep_id, CASE WHEN judged_at >= as_of THEN 'pending' WHEN held_from <= judged_at THEN 'met' ELSE 'missed' END
    FROM evidence CROSS JOIN settings
    WHERE won OR closed_at >= judged_at OR held_from <= closed_at -- else void
),
adherence AS (
    SELECT rep_id, count(*) FILTER (WHERE state <> 'pending') AS due, count(*) FILTER (WHERE state = 'met') AS met,
           count(*) FILTER (WHERE state = 'missed') AS missed, count(*) FILTER (WHERE state = 'pending') AS pending
    FROM judged AS j
    WHERE state = 'pending'
       OR NOT EXISTS (SELECT FROM waivers AS w, settings WHERE w.deal_id = j.deal_id AND w.checkpoint = j.name AND w.at < as_of)
    GROUP BY rep_id
),

-- The median dwell of each stage, by Kaplan and Meier.
visits AS (
    SELECT same, CASE WHEN won_here THEN closed_at ELSE coalesce(until, CASE WHEN won THEN as_of ELSE least(closed_at, as_of) END) END - at AS dwell,
           won_here OR next IS NOT NULL OR until IS NULL AND NOT won AND closed_at < as_of AS ended
    FROM moves
    CROSS JOIN horizons
    CROSS JOIN LATERAL (SELECT won AND at < closed_at AND NOT after AND (until >= closed_at OR until IS NULL) AS won_here) AS w
    WHERE at >= lookback_start AND NOT final
), dwells AS (
    SELECT same, dwell, count(*) AS stayed, count(*) FILTER (WHERE ended) AS ended
    FROM visits
    GROUP BY same, dwell
), risks AS (
    SELECT same, dwell, ended, sum(stayed) OVER (PARTITION BY same ORDER BY dwell DESC) AS at_risk
    FROM dwells
), curves AS (
    SELECT same, dwell, ended, sum(CASE WHEN ended < at_risk THEN ln((1 - ended / at_risk)::float8) ELSE '-infinity' END) OVER (PARTITION BY same ORDER BY dwell) AS log
    FROM risks
), medians AS (
    SELECT same, date_part('epoch', min(dwell)) / 86400 AS days
    FROM curves
    WHERE log <= ln(0.5 + 1e-9) AND ended > 0
    GROUP BY same
),

-- Where neither a probability nor a category is stated, the stage at the call speaks, as the version in force then sees it.
standing AS (
    SELECT DISTINCT ON (c.id, c.call) c.id, c.call, CASE WHEN s.key IS NULL THEN k.win_probability ELSE s.win_probability END AS chance
    FROM stated AS c
    JOIN moves AS m ON m.deal_id = c.id AND m.at < c.call AND m.version IS NOT NULL
    JOIN known AS k USING (place)
    JOIN eras AS e ON c.call >= e.since AND c.call < e.until
    LEFT JOIN stages AS s ON s.version = e.version AND s.key = k.key
    WHERE c.chance IS NULL
    ORDER BY c.id, c.call, m.n DESC
), brier AS (
    SELECT c.rep_id, count(*) AS called, avg((coalesce(c.chance, s.chance)::float8 - c.won::int) ^ 2) AS brier
    FROM stated AS c LEFT JOIN standing AS s ON s.id = c.id AND s.call = c.call
    WHERE coalesce(c.chance, s.chance) > 0
    GROUP BY c.rep_id
)
SELECT rep_id AS of, coalesce(due, 0) AS due, coalesce(met, 0) AS met, coalesce(missed, 0) AS missed, coalesce(pending, 0) AS pending,
       coalesce(called, 0) AS called, brier AS value
FROM adherence FULL JOIN brier USING (rep_id)
WHERE rep_id IS NOT NULL
UNION ALL
SELECT (SELECT min(k.key) FROM known AS k WHERE k.same = m.same), NULL, NULL, NULL, NULL, NULL, days
FROM medians AS m;
