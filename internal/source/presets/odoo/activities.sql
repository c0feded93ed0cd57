-- Messages in a deal's chatter, activities that were marked as done (Odoo keeps nothing else of them), and meetings in the
-- calendar. A mail from outside, and what a portal user writes, is the buyer's; a meeting is one in which the buyer took
-- part. A note is seen by colleagues only. A done activity of the category Meeting has its event, which counts instead.
-- What Odoo says by itself, and mass mailings, are nobody's act.
SELECT
    CAST(d.id AS text) AS deal_id,
    x.at,
    x.kind,
    x.party
FROM {crm_lead} AS d
CROSS JOIN LATERAL (
    SELECT
        w.at,
        CASE
            WHEN a.category = 'phonecall' THEN 'call'
            WHEN a.id IS NOT NULL THEN coalesce(lower(nullif(a.name, '')), 'to-do')
            WHEN w.message_type = 'comment' AND (w.is_internal OR s.internal) THEN 'note'
            ELSE 'email'
        END AS kind,
        CASE
            WHEN a.id IS NOT NULL OR w.author IS NOT NULL THEN 'seller'
            WHEN w.message_type = 'email' OR w.author_id IS NOT NULL THEN 'buyer'
            ELSE 'seller'
        END AS party
    FROM (
        SELECT
            m.date AS at,
            m.message_type,
            m.is_internal,
            m.subtype_id,
            m.mail_activity_type_id,
            m.author_id,
            -- Internal users by their partners, in one value that is made once.
            (
                SELECT jsonb_object_agg(e.partner_id, coalesce(e.login, '')) FILTER (WHERE e.partner_id IS NOT NULL)
                FROM {res_users} AS e
                WHERE NOT coalesce(e.share, false)
            ) ->> CAST(m.author_id AS text) AS author
        FROM {mail_message} AS m    -- the rows
        WHERE m.model = 'crm.lead'
          AND m.res_id = d.id
          AND (m.message_type IN ('email', 'comment') OR m.mail_activity_type_id IS NOT NULL)
    ) AS w
    LEFT JOIN {mail_activity_type?} AS a ON a.id = w.mail_activity_type_id
    LEFT JOIN {mail_message_subtype?} AS s ON s.id = w.subtype_id
    WHERE w.author IS DISTINCT FROM '__system__'
      AND a.category IS DISTINCT FROM 'meeting'
      AND (a.id IS NOT NULL OR w.message_type IN ('email', 'comment'))
    UNION ALL
    SELECT g.start, 'meeting', 'buyer'
    FROM {calendar_event?} AS g
    WHERE g.opportunity_id = d.id
      AND coalesce(g.active, true)
) AS x
WHERE d.type = 'opportunity'
  AND x.at IS NOT NULL
