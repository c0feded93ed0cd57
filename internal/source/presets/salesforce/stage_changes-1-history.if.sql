-- Whether OpportunityHistory was ever synced: an empty one stands before nothing.
SELECT EXISTS (SELECT 1 FROM {opportunity_history} AS h WHERE h.stage_name <> '')
