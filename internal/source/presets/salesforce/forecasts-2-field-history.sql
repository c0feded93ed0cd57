-- Field history of Close Date, Amount, Probability and Forecast Category, as far as they are tracked: a row for each
-- change, with the one value that changed. The value before the first change, or today's where there was none, goes back
-- to the making of the deal, or to the first day of the field's tracking.
SELECT
    c.deal_id,
    c.at,
    CASE WHEN c.field = 'CloseDate' THEN as_date(c.value) END AS expected_close,
    CASE WHEN c.field = 'Amount' THEN as_number(c.value) END AS amount,
    CASE WHEN c.field = 'Probability' AND as_number(c.value) BETWEEN 0 AND 100 THEN as_number(c.value) / 100 END AS probability,
    CASE WHEN c.field LIKE 'ForecastCategory%' THEN
        CASE lower(replace(c.value, ' ', ''))
            WHEN 'forecast' THEN 'commit'
            WHEN 'commit' THEN 'commit'
            WHEN 'mostlikely' THEN 'most_likely'
            WHEN 'bestcase' THEN 'best_case'
            WHEN 'pipeline' THEN 'pipeline'
            WHEN 'omitted' THEN 'omitted'
        END
    END AS category,
    c.seq
FROM (
    SELECT
        x.opportunity_id COLLATE "C" AS deal_id,
        x.created_date AS at,
        x.field,
        x.new_value AS value,
        row_number() OVER (PARTITION BY x.opportunity_id COLLATE "C" ORDER BY x.created_date, x.id COLLATE "C") AS seq
    FROM {opportunity_field_history} AS x
    WHERE x.field IN ('CloseDate', 'Amount', 'Probability', 'ForecastCategoryName', 'ForecastCategory')
      AND NOT coalesce(x.is_deleted, false)
    UNION ALL
    SELECT
        o.id COLLATE "C",
        greatest(o.created_date, t.began),
        t.field,
        CASE WHEN f.deal_id IS NOT NULL THEN f.value ELSE
            CASE t.field
                WHEN 'CloseDate' THEN CAST(o.close_date AS text)
                WHEN 'Amount' THEN CAST(o.amount AS text)
                WHEN 'Probability' THEN CAST(o.probability AS text)
                ELSE coalesce(o.forecast_category, o.forecast_category_name)
            END
        END,
        CAST(0 AS bigint)
    FROM {opportunity} AS o
    CROSS JOIN (
        SELECT a.field, min(a.created_date) AS began
        FROM {opportunity_field_history} AS a
        WHERE a.field IN ('CloseDate', 'Amount', 'Probability', 'ForecastCategoryName', 'ForecastCategory')
        GROUP BY a.field
    ) AS t
    LEFT JOIN (
        SELECT DISTINCT ON (b.opportunity_id, b.field) b.opportunity_id AS deal_id, b.field, b.old_value AS value
        FROM {opportunity_field_history} AS b
        WHERE NOT coalesce(b.is_deleted, false)
        ORDER BY b.opportunity_id, b.field, b.created_date, b.id COLLATE "C"
    ) AS f ON f.deal_id = o.id AND f.field = t.field
    WHERE o.created_date IS NOT NULL
) AS c
WHERE c.value IS NOT NULL
  AND c.deal_id <> ''
  AND c.at IS NOT NULL
