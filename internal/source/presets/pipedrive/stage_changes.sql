-- The log of changes, its rows of stage_id. Making a deal is no change: its first stage is what the first change replaced,
-- or the one that it is in where nothing changed, since the deal was made, or since the log begins where the deal is older:
-- since when it stood there before that nobody knows. Merging hands over the changes of the other deal: where some are older
-- than the deal, what was before them is not known. What an automation does is nobody's. What changes the stage's id but
-- not its name, from one pipeline to another, is no change.
SELECT
    c.deal_id,
    c.stage,
    c.at,
    c.rep_id,       -- optional: f.user_id
    c.seq
FROM (
    SELECT
        b.deal_id,
        b.stage,
        b.at,
        b.rep_id,
        row_number() OVER deal AS seq,
        lag(b.stage) OVER deal AS last
    FROM (
        SELECT
            f.item_id COLLATE "C" AS deal_id,
            n.stage,
            n.before,
            f.log_time AS at,
            f.id,
            CASE WHEN lower(coalesce(f.change_source, '')) NOT IN ('automation', 'workflow', 'workflow_automation')
                THEN f.user_id END AS rep_id
        FROM {flow} AS f
        CROSS JOIN LATERAL (
            SELECT
                coalesce((SELECT jsonb_object_agg(s.id, s.name) FILTER (WHERE s.id IS NOT NULL) FROM {stages?} AS s) ->> f.new_value, f.new_value) AS stage,
                coalesce((SELECT jsonb_object_agg(r.id, r.name) FILTER (WHERE r.id IS NOT NULL) FROM {stages?} AS r) ->> f.old_value, f.old_value) AS before
        ) AS n
        WHERE f.field_key = 'stage_id'
          AND f.new_value <> ''
          AND f.log_time IS NOT NULL
    ) AS b
    WHERE b.stage IS DISTINCT FROM b.before
    WINDOW deal AS (PARTITION BY b.deal_id ORDER BY b.at, b.id)
    UNION ALL
    (
        SELECT
            d.id COLLATE "C",
            v.stage,
            greatest(d.add_time, (SELECT min(l.log_time) FROM {flow} AS l)),
            NULL,
            CAST(0 AS bigint),      -- of the same type, or PostgreSQL sorts what two indexes have in order already
            NULL
        FROM {deals} AS d
        LEFT JOIN (
            SELECT
                g.item_id COLLATE "C" AS deal_id,
                (array_agg(g.old_value ORDER BY g.log_time, g.id))[1] AS stage_id,
                min(g.log_time) AS at
            FROM {flow} AS g
            WHERE g.field_key = 'stage_id'
              AND g.new_value <> ''
              AND g.log_time IS NOT NULL
            GROUP BY g.item_id COLLATE "C"
        ) AS o ON o.deal_id = d.id COLLATE "C"
        CROSS JOIN LATERAL (
            SELECT nullif(CASE WHEN o.deal_id IS NULL THEN d.stage_id ELSE o.stage_id END, '') AS id
        ) AS w
        CROSS JOIN LATERAL (
            SELECT coalesce((SELECT jsonb_object_agg(u.id, u.name) FILTER (WHERE u.id IS NOT NULL) FROM {stages?} AS u) ->> w.id, w.id) AS stage
        ) AS v
        WHERE d.add_time IS NOT NULL
          AND (o.at IS NULL OR o.at >= d.add_time)
        ORDER BY d.id COLLATE "C"     -- else PostgreSQL does not see that an index has them so
    )
) AS c
WHERE c.stage IS DISTINCT FROM c.last
  AND c.deal_id <> ''
  AND c.at IS NOT NULL
