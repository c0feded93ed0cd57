-- Users. Portal and automatic ones are left out; deactivated and deleted ones stay, since deals are theirs. The manager
-- is the one in the user's record, or, where that names nobody here, the only active user in the role above.
SELECT
    u.id,
    u.email,                                                                -- optional
    coalesce(m.id, b.id) AS manager_id,                                     -- optional: u.manager_id, r.parent_role_id
    r.name AS team,                                                         -- optional
    u.time_zone_sid_key AS time_zone,                                       -- optional
    coalesce(u.is_active, true) AND NOT coalesce(u._fivetran_deleted, false) AS active,
    coalesce(nullif(u.name, ''), u.id) AS name
FROM {user} AS u
LEFT JOIN {user_role?} AS r ON r.id = u.user_role_id AND NOT coalesce(r._fivetran_deleted, false)
LEFT JOIN {user} AS m ON m.id = u.manager_id
LEFT JOIN (
    SELECT a.user_role_id, min(a.id) AS id
    FROM {user} AS a
    WHERE coalesce(a.is_active, true) AND NOT coalesce(a._fivetran_deleted, false)
    GROUP BY a.user_role_id
    HAVING count(*) = 1
) AS b ON b.user_role_id = r.parent_role_id
WHERE u.id <> ''
  AND coalesce(u.user_type, 'Standard') = 'Standard'
