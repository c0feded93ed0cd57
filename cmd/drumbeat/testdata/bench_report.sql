-- What a careful analyst would write for three of the report's figures: adherence counts and Brier by rep, and the
-- median dwell of each stage. The moves are numbered once for both figures that need them.
SET search_path = drumbeat;
SET TimeZone = 'UTC';
WITH stages (name, pos) AS (
    VALUES ('Lead', 0), ('Qualified', 1), ('Discovery', 2), ('Evaluation', 3), ('Proposal', 4), ('Commitment', 5)
), moves AS MATERIALIZED (
    SELECT m.deal_id, m.rep_id, m.at, s.pos, lead(m.at) OVER w AS until,
           coalesce(max(s.pos) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), -1) AS furthest
    FROM stage_changes AS m JOIN stages AS s ON s.name = m.stage
    WHERE m.at < '2026-06-01'
    WINDOW w AS (PARTITION BY m.deal_id ORDER BY m.at)
), adherence AS (
    SELECT m.rep_id, sum(m.pos - m.furthest) + count(*) FILTER (WHERE m.furthest < 2 AND m.pos >= 2) AS due,
           count(*) + count(c.deal_id) FILTER (WHERE m.furthest < 2 AND m.pos >= 2) AS met
    FROM moves AS m
    LEFT JOIN criteria AS c ON c.deal_id = m.deal_id AND c.criterion = 'problem_owned' AND c.met_at <= m.at + interval '3 day'
    WHERE m.pos > m.furthest
    GROUP BY m.rep_id
), brier AS (
    SELECT d.rep_id, avg((f.probability - (d.outcome = 'won' AND d.closed_at < c + interval '76 day')::int) ^ 2) AS brier
    FROM (VALUES (timestamptz '2025-04-15'), ('2025-07-15'), ('2025-10-15'), ('2026-01-15')) AS calls (c)
    JOIN deals AS d ON d.created_at < c AND coalesce(d.closed_at, 'infinity') >= c
    CROSS JOIN LATERAL (SELECT probability, expected_close FROM forecasts AS f WHERE f.deal_id = d.id AND f.at < c ORDER BY f.at DESC LIMIT 1) AS f
    WHERE f.expected_close >= date_trunc('quarter', c) AND f.expected_close < date_trunc('quarter', c) + interval '3 month'
    GROUP BY d.rep_id
)
SELECT rep_id, due::numeric, met::numeric, brier FROM adherence LEFT JOIN brier USING (rep_id)
UNION ALL
SELECT pos::text, NULL, NULL, extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(until, '2026-06-01') - at))
FROM moves GROUP BY pos;
