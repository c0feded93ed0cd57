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

func TestServerEndsWithItsLifeline(t *testing.T) {
	c, err := startCluster()
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
