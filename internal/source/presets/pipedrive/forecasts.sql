-- The log of changes, its rows of three fields: each with the one value that changed. What was said when the deal was made
-- is what the first change replaced, or what stands there now where nothing changed, of the fields that the loader keeps in
-- the log at all; a value of 0 was then not given, while a later 0 was somebody's act. What was emptied is left out. A field whose first change is older than
-- the deal came with a merged one: what was before it is not known.
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
        CASE WHEN f.field_key = 'expected_close_date' THEN as_date(f.new_value) END AS expected_close,
        CASE WHEN f.field_key = 'value' THEN as_number(f.new_value) END AS amount,
        CASE WHEN f.field_key = 'probability' THEN as_number(f.new_value) END AS probability,
        row_number() OVER (PARTITION BY f.item_id COLLATE "C" ORDER BY f.log_time, f.id) AS seq
    FROM {flow} AS f
    WHERE f.field_key IN ('expected_close_date', 'value', 'probability')
      AND f.log_time IS NOT NULL
    UNION ALL
    (
        SELECT
            d.id COLLATE "C",
            greatest(d.add_time, (SELECT min(l.log_time) FROM {flow} AS l)),
            CASE WHEN o.closes IS NULL THEN CASE WHEN EXISTS (SELECT 1 FROM {flow} AS lc WHERE lc.field_key = 'expected_close_date')
                    THEN d.expected_close_date END
                WHEN o.closes_from >= d.add_time THEN as_date(o.closes[1]) END,
            nullif(CASE WHEN o.amounts IS NULL THEN CASE WHEN EXISTS (SELECT 1 FROM {flow} AS la WHERE la.field_key = 'value')
                    THEN coalesce(d.value, d.value__v_double) END
                WHEN o.amounts_from >= d.add_time THEN as_number(o.amounts[1]) END, 0),
            CASE WHEN o.chances IS NULL THEN CASE WHEN EXISTS (SELECT 1 FROM {flow} AS lp WHERE lp.field_key = 'probability')
                    THEN d.probability END
                WHEN o.chances_from >= d.add_time THEN as_number(o.chances[1]) END,
            CAST(0 AS bigint)       -- of the same type, or PostgreSQL sorts what two indexes have in order already
        FROM {deals} AS d
        LEFT JOIN (
            -- What each change of a field replaced, the first one first.
            SELECT
                g.item_id COLLATE "C" AS deal_id,
                array_agg(g.old_value ORDER BY g.log_time, g.id) FILTER (WHERE g.field_key = 'expected_close_date') AS closes,
                min(g.log_time) FILTER (WHERE g.field_key = 'expected_close_date') AS closes_from,
                array_agg(g.old_value ORDER BY g.log_time, g.id) FILTER (WHERE g.field_key = 'value') AS amounts,
                min(g.log_time) FILTER (WHERE g.field_key = 'value') AS amounts_from,
                array_agg(g.old_value ORDER BY g.log_time, g.id) FILTER (WHERE g.field_key = 'probability') AS chances,
                min(g.log_time) FILTER (WHERE g.field_key = 'probability') AS chances_from
            FROM {flow} AS g
            WHERE g.field_key IN ('expected_close_date', 'value', 'probability')
              AND g.log_time IS NOT NULL
            GROUP BY g.item_id COLLATE "C"
        ) AS o ON o.deal_id = d.id COLLATE "C"
        WHERE d.add_time IS NOT NULL
        ORDER BY d.id COLLATE "C"     -- else PostgreSQL does not see that an index has them so
    )
) AS c
WHERE c.deal_id <> ''
  AND c.at IS NOT NULL
  AND (c.expected_close IS NOT NULL OR c.amount IS NOT NULL OR c.probability BETWEEN 0 AND 100)
