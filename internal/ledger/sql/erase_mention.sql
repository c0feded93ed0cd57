-- What is still to be sent is somebody else's digest: that one stays.
UPDATE drumbeat_state.delivery
SET subject = '', reply = '', body = NULL
WHERE id = :id AND state NOT IN ('pending', 'sending')
