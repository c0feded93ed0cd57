-- The log of changes, its rows of three fields: each with the one value that changed. What was said when the deal was made
-- is what the first change replaced, or what stands there now where nothing changed, of the fields that the loader keeps in
-- the log at all; a value of 0 was then not given, while a later 0 was somebody's act. What was emptied is left out.
SELECT
    c.deal_id,
    c.at,
    c.expected_close,
    c.amount,
    CASE WHEN c.probability BETWEEN 0 AND 100 THEN c.probability / 100 END AS probability,
    c.seq
FROM (
    SELECT
        f.item_id COLLATE "C" AS deal_id,
        f.log_time AS at,
        CASE WHEN f.field_key = 'expected_close_date' AND f.new_value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
            THEN CAST(left(f.new_value, 10) AS date) END AS expected_close,
        CASE WHEN f.field_key = 'value' AND f.new_value ~ '^-?[0-9]+(\.[0-9]+)?$' THEN CAST(f.new_value AS numeric) END AS amount,
        CASE WHEN f.field_key = 'probability' AND f.new_value ~ '^[0-9]+(\.[0-9]+)?$' THEN CAST(f.new_value AS numeric) END AS probability,
        row_number() OVER (PARTITION BY f.item_id COLLATE "C" ORDER BY f.log_time, f.id) AS seq
    FROM {flow} AS f
    WHERE f.field_key IN ('expected_close_date', 'value', 'probability')
      AND f.log_time IS NOT NULL
    UNION ALL
    SELECT
        d.id COLLATE "C",
        greatest(d.add_time, t.began),
        CASE WHEN o.was -> 'expected_close_date' IS NULL THEN CASE WHEN t.closes THEN d.expected_close_date END
            WHEN o.was ->> 'expected_close_date' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
            THEN CAST(left(o.was ->> 'expected_close_date', 10) AS date) END,
        nullif(CASE WHEN o.was -> 'value' IS NULL THEN CASE WHEN t.amounts THEN coalesce(d.value, d.value__v_double) END
            WHEN o.was ->> 'value' ~ '^-?[0-9]+(\.[0-9]+)?$' THEN CAST(o.was ->> 'value' AS numeric) END, 0),
        CASE WHEN o.was -> 'probability' IS NULL THEN CASE WHEN t.chances THEN d.probability END
            WHEN o.was ->> 'probability' ~ '^[0-9]+(\.[0-9]+)?$' THEN CAST(o.was ->> 'probability' AS numeric) END,
        0
    FROM {deals} AS d
    LEFT JOIN (
        -- What the first change of each field replaced.
        SELECT x.deal_id, jsonb_object_agg(x.field, x.value) AS was
        FROM (
            SELECT DISTINCT ON (g.item_id COLLATE "C", g.field_key) g.item_id COLLATE "C" AS deal_id, g.field_key AS field, g.old_value AS value
            FROM {flow} AS g
            WHERE g.field_key IN ('expected_close_date', 'value', 'probability')
              AND g.log_time IS NOT NULL
            ORDER BY g.item_id COLLATE "C", g.field_key, g.log_time, g.id
        ) AS x
        GROUP BY x.deal_id
    ) AS o ON o.deal_id = d.id COLLATE "C"
    CROSS JOIN (
        SELECT
            min(l.log_time) AS began,
            bool_or(l.field_key = 'expected_close_date') AS closes,
            bool_or(l.field_key = 'value') AS amounts,
            bool_or(l.field_key = 'probability') AS chances
        FROM {flow} AS l
    ) AS t
) AS c
WHERE c.expected_close IS NOT NULL
   OR c.amount IS NOT NULL
   OR c.probability BETWEEN 0 AND 100
