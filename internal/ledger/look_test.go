package ledger

import (
	"errors"
	"os"
	"strings"
	"testing"

	"drumbeat/internal/dbtest"
)

func TestLookingMakesNothingAndKnowsAnotherVersion(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		if there, err := Look(t.Context(), dsn); there || err != nil {
			t.Fatalf("before anything was made: %v, %v", there, err)
		}
		if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
			if _, err := os.Stat(path); err == nil {
				t.Error("looking made the file")
			}
		}
		l, err := Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if there, err := Look(t.Context(), dsn); !there || err != nil {
			t.Errorf("after it was opened: %v, %v", there, err)
		}
		newer := l.db.Rebind("INSERT INTO " + l.dialect.versionTable + " (version_id, is_applied) VALUES (9999, ?)")
		if _, err := l.db.Exec(newer, true); err != nil {
			t.Fatal(err)
		}
		var schema *SchemaError
		if _, err := Look(t.Context(), dsn); !errors.As(err, &schema) || schema.Have != 9999 {
			t.Errorf("a newer schema: %v", err)
		}
	})
}

func TestAStateDatabaseThatCannotBeReached(t *testing.T) {
	there, err := Look(t.Context(), "postgres://u:hunter2@127.0.0.1:1/x?sslmode=disable")
	if err == nil || there || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v, %v", there, err)
	}
}
