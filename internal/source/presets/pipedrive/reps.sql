-- Users, those who left too. Pipedrive knows no manager: that is written under people in the config.
SELECT
    u.id,
    u.email,                            -- optional
    u.timezone_name AS time_zone,       -- optional
    u.active_flag AS active,            -- optional
    coalesce(nullif(u.name, ''), u.id) AS name
FROM {users} AS u
WHERE u.id <> ''
