-- Opportunities; a lead is no deal yet, and becomes one when it is converted. Lost is what is archived with a probability
-- of 0, or with a reason; from 19 on won_status says it. What is archived otherwise was put away, and is no deal. A deal is
-- won in a stage that is. Nobody said anything of an amount of 0. The probability is Odoo's own estimate until somebody
-- edits it. Without a company of its own a deal is in the currency that all companies share.
SELECT
    CAST(l.id AS text) AS id,
    l.name,
    (
        SELECT CAST(u.id AS text)
        FROM {res_users} AS u
        WHERE u.id = l.user_id AND coalesce(u.login, '') <> '__system__'
    ) AS rep_id,                                                                            -- optional: l.user_id
    (SELECT t.name FROM {crm_team?} AS t WHERE t.id = l.team_id) AS pipeline,               -- optional
    nullif(l.expected_revenue, 0) AS amount,                                                -- optional
    coalesce(
        (SELECT c.name FROM {res_company?} AS o JOIN {res_currency?} AS c ON c.id = o.currency_id WHERE o.id = l.company_id),
        (SELECT min(d.name) FROM {res_company?} AS a JOIN {res_currency?} AS d ON d.id = a.currency_id HAVING count(DISTINCT d.name) = 1)
    ) AS currency,                                                                          -- optional: o.currency_id, c.name
    coalesce(l.date_conversion, l.create_date) AS created_at,
    CASE WHEN z.outcome <> 'open' THEN coalesce(l.date_closed, l.date_last_stage_update) END AS closed_at,    -- optional
    (SELECT s.name FROM {crm_stage} AS s WHERE s.id = l.stage_id) AS stage,
    l.date_deadline AS expected_close,                                                      -- optional
    l.probability / 100 AS probability,                                                     -- optional
    (SELECT r.name FROM {crm_lost_reason?} AS r WHERE r.id = l.lost_reason_id AND z.outcome = 'lost') AS loss_reason,    -- optional: l.lost_reason_id
    z.outcome
FROM {crm_lead} AS l
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN l.won_status IN ('won', 'lost') THEN l.won_status
        WHEN NOT l.active AND (coalesce(l.probability, 0) = 0 OR l.lost_reason_id IS NOT NULL) THEN 'lost'
        WHEN l.won_status IS NULL AND (SELECT w.is_won FROM {crm_stage} AS w WHERE w.id = l.stage_id) THEN 'won'
        ELSE 'open'
    END AS outcome
) AS z
WHERE l.type = 'opportunity'
  AND (l.active OR z.outcome <> 'open')
