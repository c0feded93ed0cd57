-- Opportunities; a lead is no deal yet, and becomes one when it is converted. Lost is what is archived with a probability
-- of 0, or with a reason; from 19 on won_status says it. What is archived otherwise was put away, and is no deal. A deal is
-- won in a stage that is. Nobody said anything of an amount of 0. The probability is Odoo's own estimate until somebody
-- edits it. Without a company of its own a deal is in the currency that all companies share.
--
-- Here and in the files beside: deals come in the order of an index on their ids alone (d), and everything else is looked
-- up deal by deal. OFFSET 0 keeps the planner from joining first and sorting then.
SELECT
    CAST(d.id AS text) AS id,
    coalesce(nullif(x.name, ''), CAST(d.id AS text)) AS name,
    x.rep_id,                   -- optional: l.user_id
    x.pipeline,                 -- optional: t.name
    x.amount,                   -- optional: l.planned_revenue, l.expected_revenue
    x.currency,                 -- optional: l.company_id, o.currency_id, c.name
    x.created_at,
    x.closed_at,                -- optional: l.date_closed, l.date_last_stage_update
    x.stage,
    x.expected_close,           -- optional: l.date_deadline
    x.probability,              -- optional: l.probability
    x.loss_reason,              -- optional: l.lost_reason_id
    x.outcome
FROM {crm_lead} AS d
CROSS JOIN LATERAL (
    SELECT
        l.name,
        (SELECT CAST(u.id AS text) FROM {res_users} AS u WHERE u.id = l.user_id AND coalesce(u.login, '') <> '__system__') AS rep_id,
        (SELECT t.name FROM {crm_team?} AS t WHERE t.id = l.team_id) AS pipeline,
        nullif(coalesce(l.planned_revenue, l.expected_revenue), 0) AS amount,
        coalesce(
            (SELECT c.name FROM {res_currency?} AS c WHERE c.id = (SELECT o.currency_id FROM {res_company?} AS o WHERE o.id = l.company_id)),
            (SELECT min(b.name) FROM {res_company?} AS a JOIN {res_currency?} AS b ON b.id = a.currency_id HAVING count(DISTINCT b.name) = 1)
        ) AS currency,
        -- Where nobody wrote down when a deal was made: its first message, else its last change; else it is left out.
        coalesce(
            l.date_conversion,
            l.create_date,
            (SELECT min(m.date) FROM {mail_message?} AS m WHERE m.model = 'crm.lead' AND m.res_id = l.id),
            least(l.date_last_stage_update, l.date_closed)
        ) AS created_at,
        CASE WHEN z.outcome <> 'open' THEN coalesce(l.date_closed, l.date_last_stage_update) END AS closed_at,
        s.name AS stage,
        l.date_deadline AS expected_close,
        CASE WHEN round(l.probability, 2) BETWEEN 0 AND 100 THEN round(l.probability, 2) / 100 END AS probability,    -- it is a float there
        CASE WHEN z.outcome = 'lost' THEN (SELECT r.name FROM {crm_lost_reason?} AS r WHERE r.id = l.lost_reason_id) END AS loss_reason,
        z.outcome,
        l.active
    FROM {crm_lead} AS l
    LEFT JOIN {crm_stage} AS s ON s.id = l.stage_id
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN l.won_status IN ('won', 'lost') THEN l.won_status
            WHEN NOT l.active AND (coalesce(l.probability, 0) = 0 OR l.lost_reason_id IS NOT NULL) THEN 'lost'
            WHEN l.won_status IS NULL AND s.is_won THEN 'won'
            ELSE 'open'
        END AS outcome
    ) AS z
    WHERE l.id = d.id
    OFFSET 0
) AS x
WHERE d.type = 'opportunity'
  AND x.created_at IS NOT NULL
  AND (x.active OR x.outcome <> 'open')
