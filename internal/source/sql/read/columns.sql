SELECT *
FROM (
{query}
) AS q
{once}
LIMIT 0
