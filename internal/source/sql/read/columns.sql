SELECT *
FROM (
{query}
) AS q
LIMIT 0
