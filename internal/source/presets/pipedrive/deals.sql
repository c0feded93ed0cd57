-- Deals that are not deleted, nor archived while open: nobody works on those. A reopened deal keeps the times of its
-- earlier closing, so only that of its status counts. A value of 0 is what Pipedrive writes where none was given: none. A
-- deal without a probability has its stage's, where its pipeline works with those. Names are JSON objects, made once: joins
-- to them would cost the order of the deals.
SELECT
    d.id,
    coalesce(nullif(d.title, ''), d.id) AS name,
    d.user_id AS rep_id,                                                            -- optional
    coalesce(n.pipeline, d.pipeline_id) AS pipeline,                                -- optional
    nullif(coalesce(d.value, d.value__v_double), 0) AS amount,                      -- optional
    d.currency,                                                                     -- optional
    d.add_time AS created_at,
    CASE n.outcome WHEN 'won' THEN coalesce(d.won_time, d.close_time) WHEN 'lost' THEN coalesce(d.lost_time, d.close_time) END
        AS closed_at,                                                               -- optional
    coalesce(n.stage, d.stage_id) AS stage,                                         -- optional
    d.expected_close_date AS expected_close,                                        -- optional
    CASE WHEN coalesce(d.probability, n.chance) BETWEEN 0 AND 100 THEN coalesce(d.probability, n.chance) / 100 END
        AS probability,                                                             -- optional: d.probability, c.deal_probability
    CASE WHEN n.outcome = 'lost' THEN d.lost_reason END AS loss_reason,             -- optional
    n.outcome
FROM {deals} AS d
CROSS JOIN LATERAL (
    SELECT
        (SELECT jsonb_object_agg(s.id, s.name) FROM {stages?} AS s) ->> d.stage_id AS stage,
        (SELECT jsonb_object_agg(p.id, p.name) FROM {pipelines?} AS p) ->> d.pipeline_id AS pipeline,
        CASE WHEN d.pipeline_id IN (SELECT w.id FROM {pipelines?} AS w WHERE w.is_deal_probability_enabled) THEN
            CAST((SELECT jsonb_object_agg(c.id, c.deal_probability) FROM {stages?} AS c) ->> d.stage_id AS numeric)
        END AS chance,
        d.status AS outcome
) AS n
WHERE d.status IN ('open', 'won', 'lost')
  AND d.deleted IS NOT TRUE
  AND d.is_deleted IS NOT TRUE
  AND NOT (d.status = 'open' AND coalesce(d.is_archived, false))
