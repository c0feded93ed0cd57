-- Field history of Stage, where OpportunityHistory is not synced: a row for each change since the field is tracked. The
-- stage before the first one goes back to the making of the deal, or to the first day of the tracking where the deal is
-- older: since when it stood there before that nobody knows.
SELECT
    c.deal_id,
    c.stage,
    c.at,
    c.rep_id,       -- optional: x.created_by_id
    c.seq
FROM (
    SELECT
        x.opportunity_id COLLATE "C" AS deal_id,
        x.new_value AS stage,
        x.created_date AS at,
        x.created_by_id AS rep_id,
        row_number() OVER deal AS seq,
        coalesce(lag(x.new_value) OVER deal, x.old_value) AS before     -- not what a deleted row led to
    FROM {opportunity_field_history} AS x
    WHERE x.field = 'StageName'
      AND x.new_value <> ''
      AND x.new_value IS DISTINCT FROM x.old_value
      AND NOT coalesce(x.is_deleted, false)
    WINDOW deal AS (PARTITION BY x.opportunity_id COLLATE "C" ORDER BY x.created_date, x.id COLLATE "C")
    UNION ALL
    SELECT
        o.id COLLATE "C",
        nullif(CASE WHEN f.opportunity_id IS NOT NULL THEN f.stage ELSE o.stage_name END, ''),
        greatest(o.created_date, t.began),
        NULL,
        CAST(0 AS bigint),
        NULL
    FROM {opportunity} AS o
    LEFT JOIN (
        SELECT DISTINCT ON (b.opportunity_id) b.opportunity_id, b.old_value AS stage
        FROM {opportunity_field_history} AS b
        WHERE b.field = 'StageName' AND NOT coalesce(b.is_deleted, false)
        ORDER BY b.opportunity_id, b.created_date, b.id COLLATE "C"
    ) AS f ON f.opportunity_id = o.id
    CROSS JOIN (
        SELECT min(a.created_date) AS began
        FROM {opportunity_field_history} AS a
        WHERE a.field = 'StageName'
    ) AS t
    WHERE o.created_date IS NOT NULL
) AS c
WHERE c.stage IS DISTINCT FROM c.before
  AND c.deal_id <> ''
  AND c.at IS NOT NULL
