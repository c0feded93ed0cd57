-- Which of the canonical tables are there, and whether they are ours: SQLite keeps the comment in their SQL.
SELECT name, coalesce(sql, '') AS mark
FROM sqlite_master
WHERE type IN ('table', 'view')
