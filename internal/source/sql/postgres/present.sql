-- Which of the canonical tables are there, and whether they are ours; a view of that name is not.
SELECT c.relname AS name, coalesce(obj_description(c.oid, 'pg_class'), '') AS mark
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'drumbeat'
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
