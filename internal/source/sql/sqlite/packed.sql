-- The rows of each deal in one value: fewer steps through the driver.
SELECT {key}, {sums}coalesce({packed}, '')
FROM (
    SELECT * FROM {rows} ORDER BY {order}
)
GROUP BY {key}
ORDER BY {key}
