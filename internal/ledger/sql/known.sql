-- What could not be made is not known: the next plan makes it again. So is what was withdrawn of somebody who was gone.
SELECT recipient, rep_id, state
FROM drumbeat_state.delivery
WHERE schedule = :schedule AND period = :period
  AND NOT (state = 'failed' AND message_id = '' AND reason <> :settled)
  AND NOT (state = 'skipped' AND reason IN (:left, :moved))
