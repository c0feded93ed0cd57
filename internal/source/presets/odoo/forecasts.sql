-- Tracked changes of Expected Revenue, Expected Closing and Probability, deal by deal: a row for each, with the one value
-- that changed. The value before the first change, or today's where there was none, goes back to the making of the deal,
-- or to the first day of the field's tracking. Nobody said anything of a first amount of 0.
WITH tracked AS (
    SELECT f.id, f.name, min(b.create_date) AS began
    FROM {ir_model_fields} AS f
    JOIN {mail_tracking_value} AS b ON b.field_id IN (f.id, f.name)
    JOIN {mail_message} AS n ON n.id = b.mail_message_id AND n.model = 'crm.lead'
    WHERE f.model = 'crm.lead'
      AND f.name IN ('expected_revenue', 'planned_revenue', 'date_deadline', 'probability')
    GROUP BY f.id, f.name
)
SELECT
    CAST(l.id AS text) AS deal_id,
    v.at,
    CASE WHEN h.name = 'date_deadline' THEN v.day END AS expected_close,                    -- optional: t.new_value_datetime
    CASE WHEN h.name LIKE '%_revenue' THEN v.number END AS amount,
    CASE WHEN h.name = 'probability' THEN v.number / 100 END AS probability,
    v.seq
FROM {crm_lead} AS l
CROSS JOIN LATERAL (
    SELECT w.name, w.began, c.*
    FROM tracked AS w
    LEFT JOIN (
        SELECT
            y.name AS field,
            t.create_date AS at,
            coalesce(t.new_value_monetary, t.new_value_float) AS number,
            coalesce(t.old_value_monetary, t.old_value_float) AS old_number,
            t.new_value_datetime AS day,
            t.old_value_datetime AS old_day,
            row_number() OVER (ORDER BY t.create_date, t.id) AS seq,
            row_number() OVER (PARTITION BY y.name ORDER BY t.create_date, t.id) AS n
        FROM {mail_message} AS m
        JOIN {mail_tracking_value} AS t ON t.mail_message_id = m.id
        JOIN tracked AS y ON t.field_id IN (y.id, y.name)
        WHERE m.model = 'crm.lead'
          AND m.res_id = l.id
    ) AS c ON c.field = w.name
) AS h
CROSS JOIN LATERAL (
    SELECT h.at, h.number, h.day, h.seq
    WHERE h.n IS NOT NULL
    UNION ALL
    SELECT
        greatest(coalesce(l.date_conversion, l.create_date), h.began),
        nullif(CASE
            WHEN h.n = 1 THEN h.old_number
            WHEN h.name = 'probability' THEN l.probability
            ELSE l.expected_revenue
        END, 0),
        CASE WHEN h.n = 1 THEN h.old_day ELSE l.date_deadline END,
        0
    WHERE h.n IS NULL OR h.n = 1 AND h.at >= l.create_date
) AS v
WHERE l.type = 'opportunity'
  AND CASE WHEN h.name = 'date_deadline' THEN v.day IS NOT NULL ELSE v.number IS NOT NULL END
