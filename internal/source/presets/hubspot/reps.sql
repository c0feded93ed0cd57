-- Owners. Those without an active user stay, since deals are theirs. A queue is nobody. HubSpot knows no manager and no
-- time zone: both are written under people in the config. The team is the owner's primary one, else the user's.
SELECT
    o.owner_id AS id,
    o.email,                                                                -- optional
    coalesce(p.name, q.name) AS team,                                       -- optional: t.name, n.name
    o.active_user_id IS NOT NULL AS active,                                 -- optional
    coalesce(nullif(trim(concat_ws(' ', o.first_name, o.last_name)), ''), nullif(o.email, ''), o.owner_id) AS name
FROM {owner} AS o
LEFT JOIN (
    SELECT m.owner_id, min(t.name) AS name
    FROM {owner_team?} AS m
    JOIN {team?} AS t ON t.id = m.team_id
    WHERE coalesce(m.is_team_primary, true)
    GROUP BY m.owner_id
) AS p ON p.owner_id = o.owner_id
LEFT JOIN (
    SELECT u.id, min(n.name) AS name
    FROM {users?} AS u
    JOIN {team?} AS n ON n.id = u.primary_team_id
    GROUP BY u.id
) AS q ON q.id = o.active_user_id
WHERE o.owner_id <> ''
  AND coalesce(o.type, 'PERSON') <> 'QUEUE'
