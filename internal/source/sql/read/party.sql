-- Of our own tables: whether an activity of a known deal names a party.
SELECT EXISTS (
    SELECT 1
    FROM activities AS a
    WHERE a.party IN ('buyer', 'seller')
      AND a.at < {as_of}
      AND EXISTS (SELECT 1 FROM deals AS d WHERE d.id = a.deal_id)
)
