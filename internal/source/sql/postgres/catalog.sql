-- The tables that may be a CRM's, by their names without underscores, and their columns: those that may be read, of a table
-- of which some may. Odoo's users, for one, have their passwords beside them.
SELECT
    n.nspname AS schema,
    c.relname AS "table",
    has_schema_privilege(n.oid, 'USAGE') AS usable,
    has_any_column_privilege(c.oid, 'SELECT') AS readable,
    a.attname AS "column",
    coalesce(b.typname, t.typname) AS type
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type AS b ON b.oid = nullif(t.typbasetype, 0)
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND (has_column_privilege(c.oid, a.attnum, 'SELECT') OR NOT has_any_column_privilege(c.oid, 'SELECT'))
  AND replace(lower(c.relname), '_', '') = ANY ($1)
  AND n.nspname = ANY ($2)
ORDER BY n.nspname, c.relname, a.attnum
