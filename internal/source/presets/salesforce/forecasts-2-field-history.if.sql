-- Whether any of these fields is tracked.
SELECT EXISTS (
    SELECT 1
    FROM {opportunity_field_history} AS x
    WHERE x.field IN ('CloseDate', 'Amount', 'Probability', 'ForecastCategoryName', 'ForecastCategory')
)
