-- Messages in a deal's chatter, activities that were marked as done (Odoo keeps nothing else of them), and meetings in the
-- calendar. A mail from outside, and what a portal user writes, is the buyer's; a meeting is one in which the buyer took
-- part. A note is seen by colleagues only. A done activity of the category Meeting has its event, which counts instead.
-- What Odoo says by itself, and mass mailings, are nobody's act.
SELECT
    CAST(l.id AS text) AS deal_id,
    x.at,
    x.kind,
    x.party
FROM {crm_lead} AS l
CROSS JOIN LATERAL (
    SELECT
        m.date AS at,
        CASE
            WHEN a.category = 'phonecall' THEN 'call'
            WHEN a.id IS NOT NULL THEN lower(a.name)
            WHEN m.message_type = 'comment' AND (coalesce(m.is_internal, false) OR coalesce(s.internal, false)) THEN 'note'
            ELSE 'email'
        END AS kind,
        CASE
            WHEN a.id IS NOT NULL THEN 'seller'
            WHEN u.partner_id IS NULL AND (m.message_type = 'email' OR m.author_id IS NOT NULL) THEN 'buyer'
            ELSE 'seller'
        END AS party
    FROM {mail_message?} AS m
    LEFT JOIN {mail_activity_type?} AS a ON a.id = m.mail_activity_type_id
    LEFT JOIN {mail_message_subtype?} AS s ON s.id = m.subtype_id
    LEFT JOIN (
        SELECT e.partner_id, bool_or(e.login = '__system__') AS odoo
        FROM {res_users} AS e
        WHERE NOT coalesce(e.share, false)
        GROUP BY e.partner_id
    ) AS u ON u.partner_id = m.author_id
    WHERE m.model = 'crm.lead'
      AND m.res_id = l.id
      AND (m.message_type IN ('email', 'comment') OR a.id IS NOT NULL)
      AND coalesce(a.category, '') <> 'meeting'
      AND NOT coalesce(u.odoo, false)
    UNION ALL
    SELECT c.start, 'meeting', 'buyer'
    FROM {calendar_event?} AS c
    WHERE c.opportunity_id = l.id
      AND c.start IS NOT NULL
      AND coalesce(c.active, true)
) AS x
WHERE l.type = 'opportunity'
  AND x.at IS NOT NULL
