-- Internal users, archived ones as inactive; not those of the portal, nor Odoo's own (OdooBot, templates). The team is
-- that of the first of their memberships; who has none but leads a team is in that one. The manager is the team's leader.
SELECT
    CAST(u.id AS text) AS id,
    coalesce(nullif(p.name, ''), nullif(u.login, ''), CAST(u.id AS text)) AS name,
    p.email,                                    -- optional
    CAST(g.user_id AS text) AS manager_id,      -- optional
    t.name AS team,                             -- optional
    p.tz AS time_zone,                          -- optional
    coalesce(u.active, true) AS active
FROM {res_users} AS u
JOIN {res_partner} AS p ON p.id = u.partner_id
LEFT JOIN (
    SELECT DISTINCT ON (m.user_id) m.user_id, m.crm_team_id
    FROM {crm_team_member?} AS m
    JOIN {crm_team?} AS a ON a.id = m.crm_team_id AND coalesce(a.active, true)
    WHERE coalesce(m.active, true)
    ORDER BY m.user_id, m.id
) AS member ON member.user_id = u.id
LEFT JOIN (
    SELECT b.user_id, min(b.id) AS id
    FROM {crm_team?} AS b
    WHERE coalesce(b.active, true)
    GROUP BY b.user_id
) AS led ON led.user_id = u.id
LEFT JOIN {crm_team?} AS t ON t.id = coalesce(member.crm_team_id, u.sale_team_id, led.id)
LEFT JOIN {crm_team?} AS g ON g.id = t.id AND g.user_id <> u.id
WHERE NOT coalesce(u.share, false)
  AND coalesce(u.login, '') NOT IN ('__system__', 'default', 'public', 'portaltemplate')
