-- Engagements of deals, each once, however often it is tied to one. Who acted stands with calls and emails only; a meeting
-- is one in which the buyer took part, unless it fell through, everything else is the seller's act. A task counts when it
-- is done, a draft of an email never.
SELECT
    t.deal_id,
    a.at,
    a.kind,
    a.party
FROM (
    SELECT DISTINCT e.deal_id COLLATE "C" AS deal_id, e.engagement_id
    FROM {engagement_deal} AS e
    WHERE e._fivetran_deleted IS NOT TRUE
      AND e.deal_id <> ''
) AS t
JOIN (
    SELECT
        c.engagement_id,
        coalesce(c.property_hs_timestamp, c.property_hs_createdate) AS at,
        'call' AS kind,
        CASE WHEN c.property_hs_call_direction = 'INBOUND' THEN 'buyer' ELSE 'seller' END AS party
    FROM {engagement_call?} AS c
    WHERE c._fivetran_deleted IS NOT TRUE
    UNION ALL
    SELECT
        m.engagement_id,
        coalesce(m.property_hs_timestamp, m.property_hs_createdate),
        'email',
        CASE WHEN m.property_hs_email_direction = 'INCOMING_EMAIL' THEN 'buyer' ELSE 'seller' END
    FROM {engagement_email?} AS m
    WHERE m._fivetran_deleted IS NOT TRUE
      AND coalesce(m.property_hs_email_direction, '') <> 'DRAFT_EMAIL'
    UNION ALL
    SELECT
        g.engagement_id,
        coalesce(g.property_hs_meeting_start_time, g.property_hs_timestamp, g.property_hs_createdate),
        'meeting',
        'buyer'
    FROM {engagement_meeting?} AS g
    WHERE g._fivetran_deleted IS NOT TRUE
      AND coalesce(g.property_hs_meeting_outcome, '') NOT IN ('CANCELED', 'NO_SHOW', 'RESCHEDULED')
    UNION ALL
    SELECT n.engagement_id, coalesce(n.property_hs_timestamp, n.property_hs_createdate), 'note', 'seller'
    FROM {engagement_note?} AS n
    WHERE n._fivetran_deleted IS NOT TRUE
    UNION ALL
    SELECT k.engagement_id, coalesce(k.property_hs_task_completion_date, k.property_hs_timestamp), 'task', 'seller'
    FROM {engagement_task?} AS k
    WHERE k._fivetran_deleted IS NOT TRUE
      AND coalesce(k.property_hs_task_status = 'COMPLETED', k.property_hs_task_completion_date IS NOT NULL)
    UNION ALL
    SELECT s.engagement_id, coalesce(s.property_hs_timestamp, s.property_hs_createdate), 'message', 'seller'
    FROM {engagement_communication?} AS s
    WHERE s._fivetran_deleted IS NOT TRUE
) AS a ON a.engagement_id = t.engagement_id
WHERE a.at IS NOT NULL
