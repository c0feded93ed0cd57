-- Completed tasks and events of opportunities, whose ids begin with 006. Only a call says who called; a meeting is one in
-- which the buyer took part, everything else is the seller's act. Of an event the copies for its attendees are left out.
-- All conditions stand outside: a part with one of its own would have to be sorted.
SELECT a.deal_id, a.at, a.kind, a.party
FROM (
    SELECT
        t.what_id AS deal_id,
        coalesce(t.completed_date_time, CAST(t.activity_date AS timestamptz), t.created_date) AS at,
        lower(coalesce(nullif(nullif(t.task_subtype, 'Task'), ''), nullif(t.type, ''), 'task')) AS kind,
        CASE WHEN t.call_type = 'Inbound' OR lower(t.type) LIKE '%meeting%' THEN 'buyer' ELSE 'seller' END AS party,
        t.is_closed AND NOT coalesce(t.is_deleted, false) AND NOT coalesce(t._fivetran_deleted, false) AS counts
    FROM {task?} AS t
    UNION ALL
    SELECT
        e.what_id,
        coalesce(e.start_date_time, e.activity_date_time),
        'meeting',
        'buyer',
        NOT coalesce(e.is_child, false) AND NOT coalesce(e.is_deleted, false) AND NOT coalesce(e._fivetran_deleted, false)
    FROM {event?} AS e
) AS a
WHERE a.counts
  AND a.deal_id LIKE '006%'
  AND a.at IS NOT NULL
