-- The history of four properties: a row for each value that one of them took, with that value alone. A close date is
-- milliseconds since 1970, or written out. What is no such value, an emptied one among them, is left out.
SELECT
    c.deal_id,
    c.at,
    CASE WHEN c.name = 'closedate' THEN c.day END AS expected_close,
    CASE WHEN c.name = 'amount' THEN c.number END AS amount,
    CASE WHEN c.name LIKE 'hs_deal%probability' THEN c.number END AS probability,
    c.category,
    c.seq
FROM (
    SELECT
        h.deal_id COLLATE "C" AS deal_id,
        h.timestamp AS at,
        h.name,
        CASE WHEN h.name = 'closedate' THEN
            CASE WHEN h.value ~ '^([0-9]{11,12}|[1-3][0-9]{12}|40[0-9]{11})$'    -- until 2099
                THEN CAST(to_timestamp(CAST(h.value AS double precision) / 1000) AS date) ELSE as_date(h.value) END
        END AS day,
        as_number(h.value) AS number,
        CASE WHEN h.name = 'hs_manual_forecast_category' THEN
            CASE lower(replace(replace(h.value, '_', ''), ' ', ''))
                WHEN 'commit' THEN 'commit'
                WHEN 'mostlikely' THEN 'most_likely'
                WHEN 'bestcase' THEN 'best_case'
                WHEN 'pipeline' THEN 'pipeline'
                WHEN 'omit' THEN 'omitted'
            END
        END AS category,
        row_number() OVER (PARTITION BY h.deal_id COLLATE "C" ORDER BY h.timestamp, h.name, h.value) AS seq
    FROM {deal_property_history} AS h
    WHERE h.name IN ('closedate', 'amount', 'hs_deal_stage_probability', 'hs_deal_probability', 'hs_manual_forecast_category')
      AND h.timestamp IS NOT NULL
      AND h.deal_id <> ''
) AS c
WHERE CASE c.name
    WHEN 'closedate' THEN c.day IS NOT NULL
    WHEN 'amount' THEN c.number IS NOT NULL
    WHEN 'hs_manual_forecast_category' THEN c.category IS NOT NULL
    ELSE c.number BETWEEN 0 AND 1
END
