-- Deals that are not deleted, nor archived while open: nobody works on those. A reopened deal keeps the times of its
-- earlier closing, so only that of its status counts. A value of 0 is what Pipedrive writes where none was given: none. A
-- deal without a probability has its stage's, where its pipeline works with those. One without a time of making was made by
-- its first change, else when it closed; if nobody knows either, it is left out. Names are JSON objects, made once: joins
-- to them would cost the order of the deals.
SELECT
    d.id,
    coalesce(nullif(d.title, ''), d.id) AS name,
    d.user_id AS rep_id,                                                            -- optional
    coalesce(n.pipeline, d.pipeline_id) AS pipeline,                                -- optional
    nullif(coalesce(d.value, d.value__v_double), 0) AS amount,                      -- optional
    d.currency,                                                                     -- optional
    n.made AS created_at,
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
        (SELECT jsonb_object_agg(s.id, s.name) FILTER (WHERE s.id IS NOT NULL) FROM {stages?} AS s) ->> d.stage_id AS stage,
        (SELECT jsonb_object_agg(p.id, p.name) FILTER (WHERE p.id IS NOT NULL) FROM {pipelines?} AS p) ->> d.pipeline_id AS pipeline,
        CASE WHEN d.pipeline_id IN (SELECT w.id FROM {pipelines?} AS w WHERE w.is_deal_probability_enabled) THEN
            CAST((SELECT jsonb_object_agg(c.id, c.deal_probability) FILTER (WHERE c.id IS NOT NULL) FROM {stages?} AS c) ->> d.stage_id AS numeric)
        END AS chance,
        d.status AS outcome,
        coalesce(
            d.add_time,
            (SELECT min(f.log_time) FROM {flow?} AS f WHERE f.field_key = 'stage_id' AND f.item_id COLLATE "C" = d.id COLLATE "C"),
            CASE d.status WHEN 'won' THEN coalesce(d.won_time, d.close_time) WHEN 'lost' THEN coalesce(d.lost_time, d.close_time) END
        ) AS made
) AS n
WHERE d.status IN ('open', 'won', 'lost')
  AND d.deleted IS NOT TRUE
  AND d.is_deleted IS NOT TRUE
  AND d.id <> ''
  AND n.made IS NOT NULL
  AND NOT (d.status = 'open' AND coalesce(d.is_archived, false))
