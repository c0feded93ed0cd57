// Package dbtest gives tests the databases and the real data that they run on.
// A test asks for a database and gets the DSN of a fresh one of its own: on a throw-away PostgreSQL cluster
// made from the installed binaries (or the server in DRUMBEAT_TEST_DSN), or an SQLite file in its folder.
// What is missing on the machine skips the test with the reason, except with CI=true, where it fails.
// Read cluster.go for how the server is started, and how it ends whatever happens to the test binary.
package dbtest

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"
)

// Main runs the tests of a package and stops its PostgreSQL before the binary ends. Without it the server
// ends a moment after the binary; call it from TestMain where that moment matters.
func Main(m *testing.M) {
	code := m.Run()
	stopShared()
	os.Exit(code)
}

// Postgres gives the DSN of a fresh, empty database, dropped when the test ends. Its collation is not "C",
// so that a query which forgets COLLATE "C" shows.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return fromTemplate(tb, "template0")
}

// CopyPostgres gives the DSN of a copy of a database of Postgres, to which nobody may be connected.
func CopyPostgres(tb testing.TB, dsn string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	return fromTemplate(tb, strings.TrimPrefix(u.Path, "/"))
}

func fromTemplate(tb testing.TB, template string) string {
	tb.Helper()
	server := serverDSN(tb)
	name := "drumbeat_" + randomHex(6)
	admin(tb, server, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE "+pq.QuoteIdentifier(template))
	tb.Cleanup(func() {
		admin(tb, server, "DROP DATABASE "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
	})
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("the server's DSN is no URL: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// SQLite gives the DSN of a database file that does not exist yet, in a folder of the test's own.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(tb.TempDir(), "drumbeat.db")
}

// Both runs the test on PostgreSQL and on SQLite, as subtests of those names, each with a fresh database.
func Both(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
}

// Data gives the folder of real data, which is no part of the repository: DRUMBEAT_DATA.
func Data(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("DRUMBEAT_DATA")
	if dir == "" {
		unavailable(tb, "no real data: DRUMBEAT_DATA names no folder")
	}
	return dir
}

// unavailable skips the test of an outsider; where CI=true everything has to be there.
func unavailable(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(why + " (CI=true: nothing may be skipped)")
	}
	tb.Skip(why)
}

func serverDSN(tb testing.TB) string {
	tb.Helper()
	if dsn := os.Getenv("DRUMBEAT_TEST_DSN"); dsn != "" {
		return dsn
	}
	dsn, found, err := shared()
	if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	if !found {
		unavailable(tb, "no PostgreSQL: initdb and pg_ctl are not installed, and DRUMBEAT_TEST_DSN names no server")
	}
	return dsn
}

// admin runs one statement on the server's own database.
func admin(tb testing.TB, server, statement string) {
	tb.Helper()
	db, err := sql.Open("postgres", server)
	if err == nil {
		_, err = db.Exec(statement)
		_ = db.Close() // its one statement has been answered
	}
	if err != nil {
		tb.Errorf("%s: %v", statement, err)
	}
}

func randomHex(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		return fmt.Sprint(os.Getpid())
	}
	return hex.EncodeToString(b)
}
