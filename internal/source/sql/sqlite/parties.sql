-- When the activities of known deals that name a party were; the reader stops at the first one that counts.
SELECT a.at
FROM {activities} AS a
WHERE a.party IN ('buyer', 'seller')
  AND CAST(a.deal_id AS text) {bytewise} IN (SELECT CAST(d.id AS text) FROM {deals} AS d)
