package dsn

import (
	"strings"
	"testing"
)

func TestADSNLeadsToPostgreSQLOrAFile(t *testing.T) {
	for s, host := range map[string]string{
		"postgres://u:p@db:5432/sales?sslmode=require": "db:5432", "postgresql:///sales?host=/run/postgresql": "", "postgres://u@[::1]:5432/sales": "[::1]:5432",
		"postgres://u:%23%40%2F@db/sales": "db", "postgres://u@a:5432,b:5433/sales": "a:5432,b:5433", "postgres://db/sales?user=ada@corp": "db",
	} {
		d, err := Parse(s)
		if err != nil || d.Postgres == nil || d.Postgres.Host != host {
			t.Errorf("%s leads to %+v, %v", s, d, err)
		}
	}
	if d, err := Parse("sqlite:a/b.db"); err != nil || d.SQLite != "a/b.db" || d.Postgres != nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhatIsNoDSNIsToldWithoutItsPassword(t *testing.T) {
	for s, want := range map[string]string{
		"mysql://u:hunter2@db/sales":            "it reads PostgreSQL and SQLite",
		"Postgres://u:hunter2@db/sales":         "in small ones",
		"jdbc:postgresql://db?password=hunter2": "of another program",
		"postgresql+psycopg2://u:hunter2@db/s":  "of another program",
		"host=db password=hunter2":              "a list of settings",
		"Driver={PostgreSQL};Pwd=hunter2;":      "a list of settings",
		" postgres://u:hunter2@db/sales":        "blanks stand around",
		"pipeline.db":                           "write sqlite: before it",
		`C:\data\pipeline.db`:                   "write sqlite: before it",
		"sales":                                 "write postgres://user@host/database or sqlite:PATH",
		"postgres://A:hunter2,b:5432":           "special characters as %XX",
		"postgres://u:hunter2@db?sslmode=no":    "possible: disable, allow",
		"postgres://u:hunter2#@db/sales":        "special characters as %XX",
		"postgres://u:hunter2%@db/sales":        "special characters as %XX",
		"postgres://u:hunter2/@db/sales":        "special characters as %XX",
		"postgres://u:12/hunter2@db/sales":      "special characters as %XX",
		"postgres://u:12?hunter2@db/sales":      "special characters as %XX",
		"postgres://u:hunter2:@db/sales/@":      "special characters as %XX",
		"postgres://u:hunter2:":                 "special characters as %XX",
		"postgres:/u:hunter2@db":                "special characters as %XX",
		"postgres://u:hunter2@db:99999/sales":   "the port of the database is out of range",
		"sqlite:":                               "names no SQLite file",
		"sqlite::memory:":                       "names no SQLite file",
		"sqlite:///pipeline.db":                 "names no SQLite file",
	} {
		_, err := Parse(s)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", s, err)
		}
	}
}
