-- Which of the canonical tables are there, and whether they are ours: SQLite keeps the comment in their SQL.
-- To SQLite Deals and deals are one table.
SELECT lower(name) AS name, coalesce(sql, '') AS mark
FROM sqlite_master
WHERE type IN ('table', 'view')
