-- OpportunityHistory: a row with the values after each change of stage, amount, probability or Close Date, the first when
-- the deal was made. A row with the stage of the one before is no change of stage. The order is by created_date:
-- system_modstamp is when a row was superseded.
SELECT
    c.deal_id,
    c.stage,
    c.at,
    c.rep_id,       -- optional: h.created_by_id
    c.seq
FROM (
    SELECT
        h.opportunity_id COLLATE "C" AS deal_id,
        h.stage_name AS stage,
        h.created_date AS at,
        h.created_by_id AS rep_id,
        row_number() OVER deal AS seq,
        lag(h.stage_name) OVER deal AS before
    FROM {opportunity_history} AS h
    WHERE h.opportunity_id <> ''
      AND h.stage_name <> ''
      AND h.created_date IS NOT NULL
      AND NOT coalesce(h.is_deleted, false)
    WINDOW deal AS (PARTITION BY h.opportunity_id COLLATE "C" ORDER BY h.created_date, h.id COLLATE "C")
) AS c
WHERE c.stage IS DISTINCT FROM c.before
