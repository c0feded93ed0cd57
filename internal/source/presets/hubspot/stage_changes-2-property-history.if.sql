-- Whether the history of properties has stages.
SELECT EXISTS (SELECT 1 FROM {deal_property_history} AS h WHERE h.name = 'dealstage' AND h.value <> '')
