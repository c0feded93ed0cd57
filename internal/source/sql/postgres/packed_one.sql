-- The one row of each deal in one value.
SELECT {key}, {packed}
FROM {rows}
WHERE $1
ORDER BY {key}
