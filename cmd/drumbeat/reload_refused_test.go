package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/fault"
)

// What admins are told: since when the config cannot be taken, however often it was saved since; all that is wrong with
// it; and what has been in force since when.
func TestARefusalLastsFromTheFirstFaultToTheMend(t *testing.T) {
	began := time.Now().Add(-time.Hour)
	told := &reloads{taken: began}
	if told.refused() != nil {
		t.Error("nothing was read yet")
	}
	told.note(fault.List{{File: "drumbeat.yaml", Line: 8, Column: 1, What: "shedules: unknown key"}, {File: "process.yaml", What: "is empty"}})
	first := told.refused()
	told.note(errors.New("source: no such file"))
	second := told.refused()
	if first.Since.IsZero() || !second.Since.Equal(first.Since) || !second.InForce.Equal(began) || first.Start {
		t.Errorf("first %+v, then %+v", first, second)
	}
	if strings.Join(first.Faults, "|") != "drumbeat.yaml:8:1: shedules: unknown key|process.yaml: is empty" || strings.Join(second.Faults, "|") != "source: no such file" {
		t.Errorf("first %q, then %q", first.Faults, second.Faults)
	}
	told.note(nil)
	if told.refused() != nil {
		t.Error("it is mended")
	}
	told.note(startNeeded{fault.List{{File: "drumbeat.yaml", What: "state.dsn cannot change"}}})
	if again := told.refused(); !again.Since.After(first.Since) || !again.InForce.After(began) || !again.Start {
		t.Errorf("refused again: %+v", again)
	}
}

// What only shows when a config is put to use refuses it like a fault of its file: a template that does not render, a
// pipeline that is not there. All that a running worker cannot change is said at once.
func TestWhatIsFoundInUseRefusesAConfigToo(t *testing.T) {
	t.Parallel()
	dir, _ := inHouse(t, "100w", "web: {listen: \""+freeAddress(t)+"\"}\n")
	path := filepath.Join(dir, "drumbeat.yaml")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inForce, _, err := readConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "ours"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ours", "rep.txt"), []byte(`{{define "main"}}{{.Nothing}}{{end}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for _, c := range []struct {
		name, old, new string
		want           []string
		start          bool
	}{
		{"a template that does not render", "schedules:", "templates: ours\nschedules:", []string{"rep.txt:1:", "Nothing"}, false},
		{"a pipeline that is not there", "sqlite:pipeline.db", "sqlite:nothing.db", []string{"nothing.db"}, false},
		{"what takes a start", "listen: \"127.0.0.1:", "listen: \"127.0.0.2:", []string{"web.listen cannot change while Drumbeat runs; start it again, or put the old value back"}, true},
		{"another one that does", "environment: ", "environment: another-", []string{"environment cannot change while Drumbeat runs"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !bytes.Contains(good, []byte(c.old)) {
				t.Fatalf("the config has no %s:\n%s", c.old, good)
			}
			if err := os.WriteFile(path, bytes.Replace(good, []byte(c.old), []byte(c.new), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			got := take(t.Context(), inForce, func(ctx context.Context, cfg *config.Config) (*house, error) { return furnish(ctx, cfg, log) })
			got.drop(log)
			told := new(reloads)
			if told.note(got.why); got.why == nil {
				t.Fatal("taken")
			}
			said := strings.Join(told.refused().Faults, "\n")
			for _, w := range c.want {
				if !strings.Contains(said, w) {
					t.Errorf("refused for %s, want %q", said, w)
				}
			}
			if told.refused().Start != c.start {
				t.Errorf("takes a start: %v", !c.start)
			}
		})
	}
}

// Waivers belong to the config that names them: a source that opens only when its database is back reads no others.
func TestASourceThatOpensLateKeepsTheWaiversOfItsConfig(t *testing.T) {
	name := filepath.Join(t.TempDir(), "waivers.csv")
	if err := os.WriteFile(name, []byte("deal_id,checkpoint,at,reason\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{Waivers: name, Source: config.Source{DSN: config.Secret("postgres://" + freeAddress(t) + "/nothing?connect_timeout=1")}}
	src, err := openLate(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := src.opened(t.Context()); err == nil || isFaults(err) {
		t.Errorf("the source is not there, and says %v", err)
	}
}
