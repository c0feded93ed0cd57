-- Activities that were done, when that was noted, else when they were due. A meeting is one in which the buyer took part,
-- everything else is the seller's act. Mails are no activities in Pipedrive: of a deal's it keeps the last one each way.
SELECT
    a.deal_id,
    coalesce(a.marked_as_done_time,
        CAST(a.due_date AS timestamptz) + coalesce(CAST(substring(a.due_time FROM '^[0-9]{1,2}:[0-5][0-9]') AS interval), interval '0')) AS at,
    lower(coalesce(nullif(a.type, ''), 'task')) AS kind,
    CASE WHEN lower(a.type) LIKE '%meeting%' OR lower(a.type) = 'lunch' THEN 'buyer' ELSE 'seller' END AS party
FROM {activities} AS a
WHERE a.done
  AND a.deal_id <> ''
  AND coalesce(a.active_flag, true)
  AND a.is_deleted IS NOT TRUE
  AND (a.marked_as_done_time IS NOT NULL OR a.due_date IS NOT NULL)
UNION ALL
SELECT i.id, i.last_incoming_mail_time, 'email', 'buyer'
FROM {deals} AS i
WHERE i.id <> ''
  AND i.last_incoming_mail_time IS NOT NULL
UNION ALL
SELECT o.id, o.last_outgoing_mail_time, 'email', 'seller'
FROM {deals} AS o
WHERE o.id <> ''
  AND o.last_outgoing_mail_time IS NOT NULL
