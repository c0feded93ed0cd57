-- Whether deal_stage was ever synced: an empty one stands before nothing.
SELECT EXISTS (SELECT 1 FROM {deal_stage} AS h WHERE h.value <> '' AND h.date_entered IS NOT NULL)
