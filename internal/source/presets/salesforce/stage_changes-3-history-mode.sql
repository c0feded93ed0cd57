-- History mode: every version of a deal that the loader saw, since the mode was switched on. A deal that is older begins
-- with the first version: since when it stood in that stage nobody knows.
SELECT
    c.deal_id,
    c.stage,
    c.at,
    c.rep_id,       -- optional: v.last_modified_by_id
    c.seq
FROM (
    SELECT
        v.id COLLATE "C" AS deal_id,
        v.stage_name AS stage,
        v._fivetran_start AS at,
        v.last_modified_by_id AS rep_id,
        row_number() OVER deal AS seq,
        lag(v.stage_name) OVER deal AS before
    FROM {opportunity_versions} AS v
    WHERE v.id <> ''
      AND v.stage_name <> ''
      AND v._fivetran_start IS NOT NULL
      AND NOT coalesce(v.is_deleted, false)
    WINDOW deal AS (PARTITION BY v.id COLLATE "C" ORDER BY v._fivetran_start)
) AS c
WHERE c.stage IS DISTINCT FROM c.before
