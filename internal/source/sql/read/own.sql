-- A query of a preset, or one of the config's for rows whose order says nothing: in deal order. Those of one deal come in
-- any order, which the reader mends; to ask for more than the key would keep the database off an index.
SELECT *
FROM (
{query}
) AS q
{once}
ORDER BY CAST({key} AS text) {bytewise}
