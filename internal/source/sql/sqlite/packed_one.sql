-- The one row of each deal in one value.
SELECT {key}, {packed}
FROM {rows}
ORDER BY {key}
