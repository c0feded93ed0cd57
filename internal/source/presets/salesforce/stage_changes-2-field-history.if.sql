-- Whether Stage is tracked: without a change of it every deal would seem to have been where it is since it was made.
SELECT EXISTS (SELECT 1 FROM {opportunity_field_history} AS x WHERE x.field = 'StageName')
