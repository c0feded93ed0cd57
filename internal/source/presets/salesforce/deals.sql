-- Opportunities outside the recycle bin. Close Date is what somebody typed, before and after the closing: a closed deal
-- closed when it came into the stage it is in, by the last change in a history, which is too old where it led elsewhere;
-- else on its Close Date. What belongs to a queue is nobody's. A probability outside 0 to 100 is a stand-in, and none. A
-- loss reason is always a field of a company's own.
SELECT
    o.id,
    coalesce(nullif(o.name, ''), o.id) AS name,
    CASE WHEN o.owner_id NOT LIKE '00G%' THEN o.owner_id END AS rep_id,             -- optional
    coalesce(t.name, o.record_type_id) AS pipeline,                                 -- optional
    o.amount,                                                                       -- optional
    o.currency_iso_code AS currency,                                                -- optional
    m.made AS created_at,
    CASE WHEN o.is_closed THEN
        coalesce(
            CASE WHEN s.stage = o.stage_name THEN s.at END,
            CASE WHEN f.stage = o.stage_name THEN f.at END,
            o.last_stage_change_date,
            CAST(o.close_date AS timestamptz)
        )
    END AS closed_at,
    o.stage_name AS stage,                                                          -- optional
    o.close_date AS expected_close,                                                 -- optional
    CASE WHEN o.probability BETWEEN 0 AND 100 THEN o.probability / 100 END AS probability,    -- optional
    CASE lower(replace(coalesce(o.forecast_category, o.forecast_category_name), ' ', ''))
        WHEN 'forecast' THEN 'commit'
        WHEN 'commit' THEN 'commit'
        WHEN 'mostlikely' THEN 'most_likely'
        WHEN 'bestcase' THEN 'best_case'
        WHEN 'pipeline' THEN 'pipeline'
        WHEN 'omitted' THEN 'omitted'
    END AS forecast_category,                                                       -- optional
    CASE WHEN o.is_won THEN 'won' WHEN o.is_closed THEN 'lost' ELSE 'open' END AS outcome
FROM {opportunity} AS o
LEFT JOIN {record_type?} AS t ON t.id = o.record_type_id
LEFT JOIN (
    -- The last change of stage; a row of the history may be one of the amount.
    SELECT c.deal_id, min(c.at) AS began, max(c.at) AS at, (array_agg(c.stage ORDER BY c.n DESC))[1] AS stage
    FROM (
        SELECT
            h.opportunity_id COLLATE "C" AS deal_id,
            h.created_date AS at,
            h.stage_name AS stage,
            row_number() OVER deal AS n,
            lag(h.stage_name) OVER deal AS before
        FROM {opportunity_history?} AS h
        WHERE h.stage_name IS NOT NULL
          AND NOT coalesce(h.is_deleted, false)
        WINDOW deal AS (PARTITION BY h.opportunity_id COLLATE "C" ORDER BY h.created_date, h.id COLLATE "C")
    ) AS c
    WHERE c.stage IS DISTINCT FROM c.before
    GROUP BY c.deal_id
) AS s ON s.deal_id = o.id COLLATE "C"
LEFT JOIN (
    SELECT
        x.opportunity_id COLLATE "C" AS deal_id,
        min(x.created_date) AS began,
        max(x.created_date) AS at,
        (array_agg(x.new_value ORDER BY x.created_date DESC, x.id COLLATE "C" DESC))[1] AS stage
    FROM {opportunity_field_history?} AS x
    WHERE x.field = 'StageName'
      AND x.new_value IS DISTINCT FROM x.old_value
      AND NOT coalesce(x.is_deleted, false)
    GROUP BY x.opportunity_id COLLATE "C"
) AS f ON f.deal_id = o.id COLLATE "C"
CROSS JOIN LATERAL (
    -- Where nobody wrote down when a deal was made: the first that a history knows; of a closed one, its Close Date; else
    -- it is left out.
    SELECT coalesce(o.created_date, least(s.began, f.began), CASE WHEN o.is_closed THEN CAST(o.close_date AS timestamptz) END) AS made
) AS m
WHERE o.id <> ''
  AND m.made IS NOT NULL
  AND NOT coalesce(o.is_deleted, false)
  AND NOT coalesce(o._fivetran_deleted, false)
