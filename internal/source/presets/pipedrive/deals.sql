-- Deals that are not deleted, nor archived while open: nobody works on those. A reopened deal keeps the times of its
-- earlier closing, so only that of its status counts. A value of 0 is what Pipedrive writes where none was given: none. A
-- deal without a probability has its stage's, where its pipeline works with those. Names come as one JSON object each: a
-- join to them would cost the order of the deals.
SELECT
    d.id,
    coalesce(nullif(d.title, ''), d.id) AS name,
    d.user_id AS rep_id,                                                            -- optional
    coalesce(p.names ->> d.pipeline_id, d.pipeline_id) AS pipeline,                 -- optional
    nullif(coalesce(d.value, d.value__v_double), 0) AS amount,                      -- optional
    d.currency,                                                                     -- optional
    d.add_time AS created_at,
    CASE c.outcome WHEN 'won' THEN coalesce(d.won_time, d.close_time) WHEN 'lost' THEN coalesce(d.lost_time, d.close_time) END
        AS closed_at,                                                               -- optional
    coalesce(s.names ->> d.stage_id, d.stage_id) AS stage,                          -- optional
    d.expected_close_date AS expected_close,                                        -- optional
    CASE WHEN coalesce(d.probability, c.chance) BETWEEN 0 AND 100 THEN coalesce(d.probability, c.chance) / 100 END
        AS probability,                                                             -- optional: d.probability, s1.deal_probability
    CASE WHEN c.outcome = 'lost' THEN d.lost_reason END AS loss_reason,             -- optional
    c.outcome
FROM {deals} AS d
CROSS JOIN (
    SELECT jsonb_object_agg(s1.id, s1.name) AS names, jsonb_object_agg(s1.id, s1.deal_probability) AS chances
    FROM {stages?} AS s1
) AS s
CROSS JOIN (
    SELECT jsonb_object_agg(p1.id, p1.name) AS names, array_agg(p1.id) FILTER (WHERE p1.is_deal_probability_enabled) AS weighing
    FROM {pipelines?} AS p1
) AS p
CROSS JOIN LATERAL (
    SELECT d.status AS outcome, CASE WHEN d.pipeline_id = ANY (p.weighing) THEN CAST(s.chances ->> d.stage_id AS numeric) END AS chance
) AS c
WHERE d.status IN ('open', 'won', 'lost')
  AND NOT coalesce(d.deleted, false)
  AND NOT coalesce(d.is_deleted, false)
  AND NOT (d.status = 'open' AND coalesce(d.is_archived, false))
