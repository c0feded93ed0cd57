-- A query of the config's, for rows of which those of one time keep its order: its rows in deal order, within a deal in the order in which the query gives them.
SELECT *
FROM (
    SELECT q.*, row_number() OVER () AS own_order
    FROM (
{query}
    ) AS q
) AS q
{once}
ORDER BY CAST({key} AS text) {bytewise}, own_order
