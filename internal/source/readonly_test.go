package source

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

// as gives the DSN of a role of the test's own, with some rights.
func as(t *testing.T, dsn string, db *sqlx.DB, rights ...string) string {
	t.Helper()
	role := "reader_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	db.MustExec("CREATE ROLE " + role + " LOGIN PASSWORD 'x'")
	t.Cleanup(func() { db.MustExec("DROP OWNED BY " + role + "; DROP ROLE " + role) })
	for _, right := range rights {
		db.MustExec("GRANT " + right + " TO " + role)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "x")
	return u.String()
}

func TestReadingCannotWrite(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	t.Run("what stands behind a query is not run", func(t *testing.T) {
		cfg := Config{DSN: dsn, Preset: "salesforce", Queries: map[pipeline.Rows]string{
			pipeline.Criteria: "SELECT '1' AS deal_id, 'x' AS criterion, now() AS met_at) AS q WHERE $1; COMMIT; DROP TABLE salesforce.task; SELECT * FROM (SELECT 1 AS one"}}
		wantError(t, readError(t, open(t, cfg)), "queries.criteria", "multiple commands")
	})
	t.Run("the session is read-only outside of our transactions, too", func(t *testing.T) {
		s := open(t, Config{DSN: dsn, Preset: "salesforce"})
		if _, err := s.db.Exec("DELETE FROM salesforce.task"); err == nil || !strings.Contains(err.Error(), "read-only transaction") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a role that could write is noted, one that could not is not", func(t *testing.T) {
		r, _ := all(t, open(t, Config{DSN: dsn, Preset: "salesforce"}), asOf)
		if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "is a superuser; Drumbeat only reads") {
			t.Errorf("%s", notes)
		}
		for grant, want := range map[string]string{"SELECT": "", "SELECT, INSERT": "may write, to salesforce.event for one"} {
			got := canonical(t, Config{DSN: as(t, dsn, db, "USAGE ON SCHEMA salesforce", grant+" ON ALL TABLES IN SCHEMA salesforce"), Preset: "salesforce"})
			if _, notes, noted := strings.Cut(got, "notes\n"); noted != (want != "") || !strings.Contains(notes, want) {
				t.Errorf("with %s: %s", grant, notes)
			}
		}
	})
	t.Run("a schema that may not be used is named as such", func(t *testing.T) {
		wantError(t, readError(t, open(t, Config{DSN: as(t, dsn, db), Preset: "salesforce"})), "salesforce.opportunity may not be read (GRANT USAGE ON SCHEMA)")
	})
	t.Run("a role that may use the CRM's schema alone", func(t *testing.T) {
		db.MustExec("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
		got := canonical(t, Config{DSN: as(t, dsn, db, "USAGE ON SCHEMA salesforce", "SELECT ON ALL TABLES IN SCHEMA salesforce"), Preset: "salesforce",
			Queries: map[pipeline.Rows]string{pipeline.Criteria: "SELECT id AS deal_id, 'x' AS criterion, created_date AS met_at FROM opportunity WHERE id = '006A'"}})
		if !strings.Contains(got, "criteria\n006A,x,2026-01-05T09:00:00Z\n") {
			t.Errorf("%s", got)
		}
	})
	t.Run("whose tables they are cannot be found out without a right to them", func(t *testing.T) {
		_, err := Detect(t.Context(), as(t, dsn, db, "USAGE ON SCHEMA salesforce", "SELECT ON salesforce.opportunity"))
		wantError(t, err, "salesforce.user may not be read (GRANT SELECT)", "give the role of the DSN the right to read")
	})
	t.Run("a table that may not be read is as good as absent", func(t *testing.T) {
		got := canonical(t, Config{DSN: as(t, dsn, db, "USAGE ON SCHEMA salesforce", "SELECT ON salesforce.opportunity, salesforce.user"), Preset: "salesforce"})
		if !strings.Contains(got, "no activities: salesforce.task may not be read (GRANT SELECT); salesforce.event may not be read (GRANT SELECT)\n") {
			t.Errorf("%s", got)
		}
	})
}

// A company that spares its primary names a replica.
func TestAReplicaIsReadAsItsPrimary(t *testing.T) {
	primary := dbtest.OwnPostgres(t)
	raw(t, primary.DSN).MustExec(fixture(t, "salesforce.sql"))
	primary.BecomeStandby(t)
	wantRows(t, canonical(t, Config{DSN: primary.DSN, Preset: "salesforce"}), "salesforce")
}
