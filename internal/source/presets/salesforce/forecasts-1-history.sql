-- OpportunityHistory: each row holds what was said of the deal after a change.
SELECT
    h.opportunity_id AS deal_id,
    h.created_date AS at,
    h.close_date AS expected_close,                                                     -- optional
    h.amount,                                                                           -- optional
    CASE WHEN h.probability BETWEEN 0 AND 100 THEN h.probability / 100 END AS probability,    -- optional
    CASE lower(replace(h.forecast_category, ' ', ''))
        WHEN 'forecast' THEN 'commit'
        WHEN 'commit' THEN 'commit'
        WHEN 'mostlikely' THEN 'most_likely'
        WHEN 'bestcase' THEN 'best_case'
        WHEN 'pipeline' THEN 'pipeline'
        WHEN 'omitted' THEN 'omitted'
    END AS category,                                                                    -- optional
    row_number() OVER (PARTITION BY h.opportunity_id COLLATE "C" ORDER BY h.created_date, h.id COLLATE "C") AS seq
FROM {opportunity_history} AS h
WHERE NOT coalesce(h.is_deleted, false)
  AND h.opportunity_id <> ''
  AND h.created_date IS NOT NULL
