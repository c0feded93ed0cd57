package dbtest

import (
	"database/sql"
	"errors"
	"net"
	"net/url"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	one, two := Postgres(t), Postgres(t)
	if one == two {
		t.Fatalf("the same database twice: %s", one)
	}
	db, err := sql.Open("postgres", one)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var first string
	// Under a C collation "B" comes before "a": a missing COLLATE "C" would go unseen.
	if err := db.QueryRow(`SELECT min(x) FROM (VALUES ('a'), ('B')) v(x)`).Scan(&first); err != nil {
		t.Fatal(err)
	}
	if first != "a" {
		t.Errorf("the collation is bytewise: the least of a and B is %s", first)
	}
}

func TestAKilledServerKeepsWhatItCommitted(t *testing.T) {
	s := OwnPostgres(t)
	db, err := sql.Open("postgres", s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE kept (n integer)`); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if _, err := db.Exec(`INSERT INTO kept VALUES ($1)`, n); err != nil {
			t.Fatal(err)
		}
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(); err == nil {
			t.Fatal("it answers though it was killed")
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := db.QueryRow(`SELECT count(*) FROM kept`).Scan(&rows); err != nil || rows != n+1 {
			t.Fatalf("%d rows after kill %d (%v)", rows, n+1, err)
		}
	}
}

func TestServerEndsWithItsLifeline(t *testing.T) {
	c, err := startCluster(forgetful)
	if errors.Is(err, errNoBinaries) {
		unavailable(t, "no PostgreSQL to start")
	}
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(c.dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", u.Host, time.Second)
	if err != nil {
		t.Fatalf("no server at first: %v", err)
	}
	conn.Close()
	c.stop() // what the kernel does to the pipe when the test binary dies
	if conn, err := net.DialTimeout("tcp", u.Host, time.Second); err == nil {
		conn.Close()
		t.Error("the server outlived the test binary")
	}
}
