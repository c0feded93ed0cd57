package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// asOf is after everything in the small examples.
var asOf = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// The least that an import takes.
var small = map[string]string{
	"reps.csv":          "id,name\nr1,Ada\n",
	"deals.csv":         "id,name,rep_id,created_at,outcome\nd1,Acme,r1,2026-01-01 08:00:00,open\n",
	"stage_changes.csv": "deal_id,stage,at,rep_id\nd1,Discovery,2026-01-01T08:00:00Z,r1\n",
}

// with gives the small example with some files changed; an empty text takes one away.
func with(changes map[string]string) map[string]string {
	files := map[string]string{}
	for name, text := range small {
		files[name] = text
	}
	for name, text := range changes {
		if files[name] = text; text == "" {
			delete(files, name)
		}
	}
	return files
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustImport(t testing.TB, dsn string, files map[string]string) ImportResult {
	t.Helper()
	result, err := Import(context.Background(), dsn, []string{folder(t, files)}, ImportOptions{})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return result
}

func open(t testing.TB, cfg Config) *Source {
	t.Helper()
	s, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw opens the database behind a DSN for a test's own statements.
func raw(t *testing.T, dsn string) *sqlx.DB {
	t.Helper()
	at, err := parseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := at.open(context.Background(), forWriting)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// all reads everything that a source has: the reading, and each deal with its rows written out.
func all(t testing.TB, s *Source, asOf time.Time) (*pipeline.Reading, []string) {
	t.Helper()
	return allFor(t, s, pipeline.Everything(asOf))
}

// noneEarlier is how a History prints that no activities were left out.
const noneEarlier = " {{0001-01-01 00:00:00 +0000 UTC false} {0001-01-01 00:00:00 +0000 UTC false}}"

func allFor(t testing.TB, s *Source, needs pipeline.Needs) (*pipeline.Reading, []string) {
	t.Helper()
	reading, end, err := s.ReadFor(context.Background(), needs)
	if err != nil {
		t.Fatal(err)
	}
	var deals []string
	for h, err := range reading.Deals {
		if err != nil {
			t.Fatal(err)
		}
		deals = append(deals, fmt.Sprint(*h))
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return reading, deals
}

// readError reads to the first error.
func readError(t testing.TB, s *Source) error {
	t.Helper()
	reading, end, err := s.Read(context.Background(), asOf)
	if err != nil {
		return err
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	for _, err := range reading.Deals {
		if err != nil {
			return err
		}
	}
	return nil
}

func hash(reading *pipeline.Reading, deals []string) string {
	h := sha256.New()
	fmt.Fprintln(h, reading.Reps, reading.Tables, reading.Counts, reading.PartyNamed)
	for _, d := range deals {
		fmt.Fprintln(h, d)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
}

func sprint(v any) string { return fmt.Sprint(v) }
