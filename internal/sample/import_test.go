package sample

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

// The way of the demo, by files and an embedded database, must give the very figures of the Reading in memory:
// so what the tests find planted, the demo's reader finds too.
func TestImportedFilesGiveTheSameFigures(t *testing.T) {
	proc := theProcess(t)
	p := Generate(Options{Seed: 1, Process: proc})
	dir := t.TempDir()
	if err := p.WriteCSV(dir); err != nil {
		t.Fatal(err)
	}
	dsn := "sqlite:" + filepath.Join(dir, "sample.db")
	done, err := source.Import(t.Context(), dsn, []string{dir}, source.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Warnings) > 0 || len(done.Absent) > 0 {
		t.Errorf("warnings %v, absent %v", done.Warnings, done.Absent)
	}
	src, err := source.Open(t.Context(), source.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	imported, closeReading, err := src.Read(t.Context(), AsOf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeReading() })
	figures := func(r *pipeline.Reading) []byte {
		// Being away stands in the config, not in the files; no CSV could say it.
		for i := range r.Reps {
			r.Reps[i].Away = nil
		}
		out, err := health.Compute(health.Input{AsOf: AsOf, Settings: usual(), Process: proc, Reading: r})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if !bytes.Equal(figures(imported), figures(p.Reading(AsOf))) {
		t.Error("the figures of the imported files differ from those of the reading")
	}
}
