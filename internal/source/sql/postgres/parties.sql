-- Whether an activity of a known deal names a party. One row: to end an answer early is to cancel it, and there are
-- poolers that do not survive that.
SELECT EXISTS (
    SELECT 1
    FROM {activities} AS a
    WHERE a.party IN ('buyer', 'seller')
      AND CAST(a.at AS timestamptz) < {as_of}
      AND CAST(a.deal_id AS text) {bytewise} IN (SELECT CAST(d.id AS text) FROM {deals} AS d)
)
