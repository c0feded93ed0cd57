-- A run went well when none of its digests failed or may not have arrived, and it is no period that was left out, of which
-- one row without a recipient says so. An admins' digest that could not wait, whose period has words behind its day, is no
-- run of the schedule. Periods in which something is amiss are few: they are found in the index of how deliveries stand,
-- and only then it is asked whether somebody has settled that. (|| '' keeps SQLite from the index that is in their order: it
-- would read all rows.)
WITH suspect AS MATERIALIZED (
  SELECT DISTINCT schedule || '' AS schedule, period || '' AS period
  FROM drumbeat_state.delivery
  WHERE state IN ('failed', 'unknown')
), broken AS MATERIALIZED (
  SELECT schedule, period
  FROM suspect
  WHERE EXISTS (SELECT 1 FROM drumbeat_state.delivery AS d WHERE d.schedule = suspect.schedule AND d.period = suspect.period
    AND d.state IN ('failed', 'unknown') AND d.reason <> :settled)
)
SELECT name, last_due,
  (SELECT MAX(finished_at) FROM drumbeat_state.run WHERE run.schedule = schedule.name),
  (SELECT MAX(finished_at) FROM drumbeat_state.run
   WHERE run.schedule = schedule.name AND run.period NOT LIKE '% %'
     AND NOT EXISTS (SELECT 1 FROM broken WHERE broken.schedule = run.schedule AND broken.period = run.period)
     AND NOT EXISTS (SELECT 1 FROM drumbeat_state.delivery AS d
       WHERE d.schedule = run.schedule AND d.period = run.period AND d.recipient = '' AND d.rep_id = ''))
FROM drumbeat_state.schedule
