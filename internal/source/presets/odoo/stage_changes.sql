-- Tracked changes of the stage, deal by deal, by the ids of stages: so a stage has the name of today, and only one that was
-- deleted that of then. Odoo tracks no creation: the stage before the first change, or today's where there was none, began
-- when the deal was created, or converted from a lead. Merging hands over the changes of the other deal: where some are
-- older than the deal, what was before them is not known. A mover who is no user (a customer, OdooBot) is nobody.
SELECT
    CAST(d.id AS text) AS deal_id,
    x.stage,
    x.at,
    x.rep_id,       -- optional: m.author_id
    x.seq
FROM {crm_lead} AS d
CROSS JOIN LATERAL (
    SELECT v.stage, v.at, v.rep_id, v.seq
    FROM {crm_lead} AS l
    LEFT JOIN LATERAL (
        SELECT
            t.create_date AS at,
            m.author_id,
            coalesce(s.name, nullif(t.new_value_char, '')) AS stage,
            coalesce(b.name, nullif(t.old_value_char, '')) AS old,
            lag(coalesce(s.name, nullif(t.new_value_char, ''))) OVER deal AS before,
            row_number() OVER deal AS n
        FROM {mail_message} AS m
        JOIN {mail_tracking_value} AS t ON t.mail_message_id = m.id    -- the rows
        LEFT JOIN {crm_stage} AS s ON s.id = t.new_value_integer
        LEFT JOIN {crm_stage} AS b ON b.id = t.old_value_integer
        WHERE m.model = 'crm.lead'
          AND m.res_id = l.id
          AND t.field_id IN ('stage_id', (SELECT f.id FROM {ir_model_fields} AS f WHERE f.model = 'crm.lead' AND f.name = 'stage_id'))
        WINDOW deal AS (ORDER BY t.create_date, t.id)
    ) AS h ON true
    CROSS JOIN LATERAL (
        SELECT
            h.stage,
            h.at,
            -- Users by their partners, in one value that is made once.
            (
                SELECT jsonb_object_agg(e.partner_id, e.id ORDER BY e.id DESC) FILTER (WHERE e.partner_id IS NOT NULL)
                FROM {res_users} AS e
                WHERE NOT coalesce(e.share, false) AND coalesce(e.login, '') <> '__system__'
            ) ->> CAST(h.author_id AS text) AS rep_id,
            h.n AS seq
        WHERE h.stage IS DISTINCT FROM CASE WHEN h.n = 1 THEN h.old ELSE h.before END
        UNION ALL
        SELECT
            CASE WHEN h.n = 1 THEN h.old ELSE (SELECT c.name FROM {crm_stage} AS c WHERE c.id = l.stage_id) END,
            CASE WHEN h.at < l.date_conversion THEN l.create_date ELSE coalesce(l.date_conversion, l.create_date) END,
            CASE WHEN l.date_conversion IS NULL THEN (
                SELECT CAST(k.id AS text)
                FROM {res_users} AS k
                WHERE k.id = l.create_uid AND NOT coalesce(k.share, false) AND coalesce(k.login, '') <> '__system__'
            ) END,
            0
        WHERE h.n IS NULL OR h.n = 1 AND h.at >= l.create_date
    ) AS v
    WHERE l.id = d.id
    OFFSET 0
) AS x
WHERE d.type = 'opportunity'
  AND x.stage <> ''
  AND x.at IS NOT NULL
