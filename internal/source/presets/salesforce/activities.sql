-- Completed tasks and events of opportunities, whose ids begin with 006. Only a call says who called; a meeting is one in
-- which the buyer took part, everything else is the seller's act. Of an event the copies for its attendees are left out.
SELECT
    t.what_id AS deal_id,
    coalesce(t.completed_date_time, CAST(t.activity_date AS timestamptz), t.created_date) AS at,
    lower(coalesce(nullif(t.task_subtype, 'Task'), t.type, 'task')) AS kind,
    CASE WHEN t.call_type = 'Inbound' OR lower(t.type) LIKE '%meeting%' THEN 'buyer' ELSE 'seller' END AS party
FROM {task?} AS t
WHERE t.what_id LIKE '006%'
  AND t.is_closed
  AND NOT coalesce(t.is_deleted, false)
  AND NOT coalesce(t._fivetran_deleted, false)
  AND coalesce(t.completed_date_time, CAST(t.activity_date AS timestamptz), t.created_date) IS NOT NULL
UNION ALL
SELECT
    e.what_id,
    coalesce(e.start_date_time, e.activity_date_time),
    'meeting',
    'buyer'
FROM {event?} AS e
WHERE e.what_id LIKE '006%'
  AND NOT coalesce(e.is_child, false)
  AND NOT coalesce(e.is_deleted, false)
  AND NOT coalesce(e._fivetran_deleted, false)
  AND coalesce(e.start_date_time, e.activity_date_time) IS NOT NULL
