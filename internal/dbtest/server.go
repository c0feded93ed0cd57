package dbtest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Server is a PostgreSQL server of one test alone, which that test may break.
type Server struct {
	DSN string // of its own database
	c   *cluster
}

// OwnPostgres starts a server that ends with the test. What it has committed outlives its being killed, as on any
// server that is not told otherwise. It never is the one in DRUMBEAT_TEST_DSN.
func OwnPostgres(tb testing.TB) *Server {
	tb.Helper()
	c, err := startCluster(faithful)
	if errors.Is(err, errNoBinaries) {
		unavailable(tb, "no PostgreSQL to break: initdb and pg_ctl are not installed")
	}
	if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	tb.Cleanup(c.stop)
	return &Server{DSN: c.dsn, c: c}
}

// Kill ends the server at once, in the middle of whatever it does; it will have to recover. Start starts it again.
func (s *Server) Kill() error {
	return s.c.run("pg_ctl", "-D", filepath.Join(s.c.dir, "data"), "-m", "immediate", "-w", "stop")
}

// Start starts the server again after a Kill, on the same port, and waits until it answers.
func (s *Server) Start() error { return s.c.again() }

// BecomeStandby restarts the server, on the same port, as a hot standby whose primary is gone.
func (s *Server) BecomeStandby(tb testing.TB) {
	tb.Helper()
	data := filepath.Join(s.c.dir, "data")
	err := s.c.run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
	if err == nil {
		err = os.WriteFile(filepath.Join(data, "standby.signal"), nil, 0o644) // read by the server's user, and removed
	}
	if err == nil {
		err = s.c.again()
	}
	if err != nil {
		tb.Fatalf("make PostgreSQL a standby: %v", err)
	}
}

// Promote makes a primary of the standby.
func (s *Server) Promote(tb testing.TB) {
	tb.Helper()
	if err := s.c.run("pg_ctl", "-D", filepath.Join(s.c.dir, "data"), "-w", "promote"); err != nil {
		tb.Fatalf("promote PostgreSQL: %v", err)
	}
}
