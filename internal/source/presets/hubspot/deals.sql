-- Deals that were neither deleted nor merged into another. What a stage is called and means stands in the dictionary of
-- pipelines and stages, archived and deleted ones too: closed with probability 1 is won, closed with 0 is lost, and a
-- stage with probability 0 that is not closed is open. Close date is when a closed deal closed, and a guess before. What
-- belongs to a queue is nobody's. The dictionary is one JSON object, made once: a join to it would cost the order of the deals.
SELECT
    d.deal_id AS id,
    coalesce(nullif(d.property_dealname, ''), d.deal_id) AS name,
    CASE WHEN NOT n.queued THEN d.owner_id END AS rep_id,                           -- optional
    coalesce(n.pipeline, d.deal_pipeline_id) AS pipeline,
    d.property_amount AS amount,                                                    -- optional
    d.property_deal_currency_code AS currency,                                      -- optional
    m.made AS created_at,
    CASE WHEN o.outcome <> 'open' THEN d.property_closedate END AS closed_at,       -- optional
    coalesce(n.stage ->> 'label', d.deal_pipeline_stage_id) AS stage,
    CASE WHEN o.outcome = 'open' THEN CAST(d.property_closedate AS date) END AS expected_close,    -- optional
    CASE WHEN coalesce(d.property_hs_deal_stage_probability, CAST(n.stage ->> 'probability' AS numeric)) BETWEEN 0 AND 1
        THEN coalesce(d.property_hs_deal_stage_probability, CAST(n.stage ->> 'probability' AS numeric)) END AS probability,
    CASE lower(replace(replace(d.property_hs_manual_forecast_category, '_', ''), ' ', ''))
        WHEN 'commit' THEN 'commit'
        WHEN 'mostlikely' THEN 'most_likely'
        WHEN 'bestcase' THEN 'best_case'
        WHEN 'pipeline' THEN 'pipeline'
        WHEN 'omit' THEN 'omitted'
    END AS forecast_category,                                                       -- optional
    d.property_closed_lost_reason AS loss_reason,                                   -- optional
    o.outcome
FROM {deal} AS d
CROSS JOIN LATERAL (
    SELECT
        (
            SELECT jsonb_object_agg(s.pipeline_id || ' ' || s.stage_id, jsonb_build_object(
                    'label', s.label,
                    'probability', s.probability,
                    'outcome', CASE WHEN coalesce(s.is_closed, s.closed_won) AND s.probability = 1 THEN 'won'
                                    WHEN coalesce(s.is_closed, s.closed_won) AND s.probability = 0 THEN 'lost' END
                ) ORDER BY coalesce(s._fivetran_deleted, false) DESC)
                FILTER (WHERE s.pipeline_id IS NOT NULL AND s.stage_id IS NOT NULL)
            FROM {deal_pipeline_stage} AS s
        ) -> (d.deal_pipeline_id || ' ' || d.deal_pipeline_stage_id) AS stage,
        (SELECT jsonb_object_agg(l.pipeline_id, l.label) FILTER (WHERE l.pipeline_id IS NOT NULL) FROM {deal_pipeline?} AS l) ->> d.deal_pipeline_id AS pipeline,
        coalesce(d.owner_id IN (SELECT w.owner_id FROM {owner} AS w WHERE w.type = 'QUEUE'), false) AS queued
) AS n
CROSS JOIN LATERAL (
    -- A deal whose stage says nothing may say itself that it is closed.
    SELECT coalesce(n.stage ->> 'outcome',
        CASE WHEN d.property_hs_is_closed_won THEN 'won' WHEN d.property_hs_is_closed THEN 'lost' END, 'open') AS outcome
) AS o
CROSS JOIN LATERAL (
    -- Where nobody wrote down when a deal was made: its first stage; of a closed one, when it closed; else it is left out.
    SELECT coalesce(
        d.property_createdate,
        (SELECT min(h.date_entered) FROM {deal_stage?} AS h WHERE h.deal_id COLLATE "C" = d.deal_id COLLATE "C"),
        CASE WHEN o.outcome <> 'open' THEN d.property_closedate END
    ) AS made
) AS m
WHERE d.is_deleted IS NOT TRUE
  AND d._fivetran_deleted IS NOT TRUE
  AND d.deal_id NOT IN (SELECT g.merged_deal_id FROM {merged_deal?} AS g WHERE g.merged_deal_id IS NOT NULL)
  AND d.deal_id <> ''
  AND m.made IS NOT NULL
