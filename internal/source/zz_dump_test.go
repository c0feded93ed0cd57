package source

import (
	"os"
	"testing"

	"drumbeat/internal/pipeline"
)

func TestZZDump(t *testing.T) {
	dsn := os.Getenv("ZZ_DSN")
	if dsn == "" {
		t.Skip()
	}
	s := open(t, Config{DSN: dsn, Preset: "odoo"})
	v, err := s.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.end()
	if err := v.checkOwn(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(v.mapping.notes)
	for _, rows := range pipeline.AllRows {
		if _, ok := v.mapping.queries[rows]; ok {
			os.WriteFile("/tmp/hd/stmt_"+string(rows)+".sql", []byte(v.statement(layoutOf(rows))), 0o644)
		}
	}
}
