-- Tracked changes of Expected Revenue, Expected Closing and Probability, deal by deal: a row for each, with the one value
-- that changed. The value before the first change, or today's where there was none, goes back to the making of the deal,
-- or to the first day of the field's tracking. Nobody said anything of a first amount of 0. What holds for all deals is
-- made once, as one value: WITH would keep the database from reading in the order of the deals.
SELECT
    CAST(d.id AS text) AS deal_id,
    x.at,
    CASE WHEN x.field = 'date_deadline' THEN x.day END AS expected_close,
    CASE WHEN x.field LIKE '%_revenue' THEN x.number END AS amount,
    CASE WHEN x.field = 'probability' THEN round(x.number, 2) / 100 END AS probability,
    x.seq
FROM {crm_lead} AS d
CROSS JOIN LATERAL (
    SELECT w.field, v.at, v.number, v.day, v.seq
    FROM {crm_lead} AS l
    CROSS JOIN LATERAL jsonb_each_text((
        SELECT jsonb_object_agg(f.name, (
            SELECT min(b.create_date)
            FROM {mail_tracking_value} AS b
            JOIN {mail_message} AS n ON n.id = b.mail_message_id AND n.model = 'crm.lead'
            WHERE b.field_id IN (f.id, f.name)
        ))
        FROM {ir_model_fields} AS f
        WHERE f.model = 'crm.lead' AND f.name IN ('expected_revenue', 'planned_revenue', 'date_deadline', 'probability')
    )) AS w(field, began)
    LEFT JOIN LATERAL (
        SELECT
            p.*,
            row_number() OVER (ORDER BY p.at, p.id) AS seq,
            row_number() OVER (PARTITION BY p.field ORDER BY p.at, p.id) AS n
        FROM (
            SELECT
                t.id,
                t.create_date AS at,
                (
                    SELECT jsonb_object_agg(y.id, y.name) || jsonb_object_agg(y.name, y.name)
                    FROM {ir_model_fields} AS y
                    WHERE y.model = 'crm.lead' AND y.name IN ('expected_revenue', 'planned_revenue', 'date_deadline', 'probability')
                ) ->> t.field_id AS field,
                coalesce(t.new_value_monetary, t.new_value_float) AS number,
                coalesce(t.old_value_monetary, t.old_value_float) AS old_number,
                t.new_value_datetime AS day,
                t.old_value_datetime AS old_day
            FROM {mail_message} AS m
            JOIN {mail_tracking_value} AS t ON t.mail_message_id = m.id    -- the rows
            WHERE m.model = 'crm.lead'
              AND m.res_id = l.id
        ) AS p
        WHERE p.field IS NOT NULL
    ) AS h ON h.field = w.field
    CROSS JOIN LATERAL (
        SELECT h.at, h.number, h.day, h.seq
        WHERE h.n IS NOT NULL
        UNION ALL
        SELECT
            greatest(coalesce(l.date_conversion, l.create_date), CAST(w.began AS timestamptz)),
            nullif(CASE
                WHEN h.n = 1 THEN h.old_number
                WHEN w.field = 'probability' THEN l.probability
                ELSE coalesce(l.planned_revenue, l.expected_revenue)
            END, 0),
            CASE WHEN h.n = 1 THEN h.old_day ELSE l.date_deadline END,
            0
        WHERE coalesce(l.date_conversion, l.create_date) IS NOT NULL
          AND (h.n IS NULL OR h.n = 1 AND h.at >= l.create_date)
    ) AS v
    WHERE l.id = d.id
      AND w.began IS NOT NULL
    OFFSET 0
) AS x
WHERE d.type = 'opportunity'
  AND x.at IS NOT NULL
  AND CASE x.field
      WHEN 'date_deadline' THEN x.day IS NOT NULL
      WHEN 'probability' THEN round(x.number, 2) BETWEEN 0 AND 100
      ELSE x.number IS NOT NULL
  END
