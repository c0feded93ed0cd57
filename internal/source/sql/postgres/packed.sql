-- The rows of each deal in one value: fewer messages, and no instant as text.
SELECT {key}, {sums}coalesce({packed}, '')
FROM (
    SELECT * FROM {rows} ORDER BY {order}
) AS r
WHERE $1
GROUP BY {key}
ORDER BY {key}
