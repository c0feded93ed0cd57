-- Whether changes of Expected Closing are tracked, which takes a customisation. Without them the changes of amounts alone
-- would be a history of forecasts in which no closed deal was ever expected to close.
SELECT EXISTS (
    SELECT 1
    FROM {ir_model_fields} AS f
    JOIN {mail_tracking_value} AS t ON t.field_id IN (f.id, f.name)
    JOIN {mail_message} AS m ON m.id = t.mail_message_id AND m.model = 'crm.lead'
    WHERE f.model = 'crm.lead'
      AND f.name = 'date_deadline'
)
