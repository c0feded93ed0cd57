-- History mode: each version holds what was said of the deal from then on.
SELECT
    v.id AS deal_id,
    v._fivetran_start AS at,
    v.close_date AS expected_close,                                                     -- optional
    v.amount,                                                                           -- optional
    CASE WHEN v.probability BETWEEN 0 AND 100 THEN v.probability / 100 END AS probability,    -- optional
    CASE lower(replace(v.forecast_category, ' ', ''))
        WHEN 'forecast' THEN 'commit'
        WHEN 'commit' THEN 'commit'
        WHEN 'mostlikely' THEN 'most_likely'
        WHEN 'bestcase' THEN 'best_case'
        WHEN 'pipeline' THEN 'pipeline'
        WHEN 'omitted' THEN 'omitted'
    END AS category,                                                                    -- optional
    row_number() OVER (PARTITION BY v.id COLLATE "C" ORDER BY v._fivetran_start) AS seq
FROM {opportunity_versions} AS v
WHERE NOT coalesce(v.is_deleted, false)
  AND v.id <> ''
  AND v._fivetran_start IS NOT NULL
