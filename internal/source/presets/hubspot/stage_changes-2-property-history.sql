-- The history of the property dealstage, where deal_stage is not synced: a row for each value, the first when the deal was
-- made. See stage_changes-1-deal-stage.sql for merged deals, names of stages, and who moved a deal.
SELECT
    c.deal_id,
    c.stage,
    c.at,
    c.rep_id,       -- optional: h.source_id
    c.seq
FROM (
    SELECT
        b.deal_id,
        b.stage,
        b.at,
        b.rep_id,
        row_number() OVER deal AS seq,
        lag(b.stage) OVER deal AS before
    FROM (
        SELECT
            h.deal_id COLLATE "C" AS deal_id,
            n.stage,
            h.timestamp AS at,
            h.value,
            n.rep_id
        FROM {deal_property_history} AS h
        LEFT JOIN {deal} AS d ON d.deal_id COLLATE "C" = h.deal_id COLLATE "C"
        CROSS JOIN LATERAL (
            SELECT
                coalesce(
                    (
                        SELECT jsonb_object_agg(s.pipeline_id || ' ' || s.stage_id, s.label ORDER BY coalesce(s._fivetran_deleted, false) DESC)
                            FILTER (WHERE s.pipeline_id IS NOT NULL AND s.stage_id IS NOT NULL)
                        FROM {deal_pipeline_stage?} AS s
                    ) ->> (d.deal_pipeline_id || ' ' || h.value),
                    (
                        SELECT jsonb_object_agg(x.stage_id, x.label)
                        FROM (
                            SELECT y.stage_id, min(y.label) AS label
                            FROM {deal_pipeline_stage?} AS y
                            WHERE y.stage_id IS NOT NULL
                            GROUP BY y.stage_id
                            HAVING min(y.label) = max(y.label)
                        ) AS x
                    ) ->> h.value,
                    h.value
                ) AS stage,
                CASE WHEN coalesce(h.source, '') NOT IN ('AUTOMATION_PLATFORM', 'WORKFLOWS') THEN
                    (
                        SELECT jsonb_object_agg('userId:' || z.user_id, z.owner_id)
                        FROM (
                            SELECT v.user_id, min(v.owner_id) AS owner_id
                            FROM (
                                SELECT o.active_user_id AS user_id, o.owner_id FROM {owner} AS o
                                UNION ALL
                                SELECT i.user_id, i.owner_id FROM {owner} AS i
                                UNION ALL
                                SELECT r.id, e.owner_id FROM {users?} AS r JOIN {owner} AS e ON lower(e.email) = lower(r.email)
                            ) AS v
                            WHERE v.user_id IS NOT NULL
                            GROUP BY v.user_id
                            HAVING min(v.owner_id) = max(v.owner_id)
                        ) AS z
                    ) ->> h.source_id
                END AS rep_id
        ) AS n
        WHERE h.name = 'dealstage'
          AND h.value <> ''
          AND h.deal_id <> ''
          AND h.timestamp IS NOT NULL
    ) AS b
    WINDOW deal AS (PARTITION BY b.deal_id ORDER BY b.at, b.value)
) AS c
WHERE c.stage IS DISTINCT FROM c.before
