-- Whether we could write, which we never do: some table where queries look that we may change.
SELECT
    current_user AS role,
    (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) AS super,
    (
        SELECT coalesce(min(n.nspname || '.' || c.relname), '')
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p')
          AND n.nspname = ANY (current_schemas(false))
          AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    ) AS writes
