package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/config"
	"drumbeat/internal/worker"
)

// editing is a config that is watched in a bubble of time while somebody works on it.
type editing struct {
	t       *testing.T
	dir     string
	told    *reloads
	logs    *bytes.Buffer
	furnish func(*config.Config) // called while a house is made; may be missing

	mu      sync.Mutex
	taken   []string // the first schedule's name of each config that came into force, and its process's
	dropped int      // houses that were made and not taken
}

// scheduled is a config whose schedule has a name; more is put behind it.
func scheduled(name, more string) string {
	return "process: process.yaml\nsource: {dsn: \"sqlite:x.db\"}\nmail: {from: a@example.com, smtp: {host: localhost}}\n" +
		"schedules: [{name: " + name + ", digest: rep, cron: \"0 7 * * 1\"}]\n" + more
}

func processNamed(name string) string {
	return strings.Replace(string(files.ProcessYAML), "process: new-business", "process: "+name, 1)
}

// edit lets a test work on a config named "one", whose process is "p1".
func edit(t *testing.T, more string, work func(*editing)) *editing {
	t.Helper()
	hangups := make(chan os.Signal, 1) // the loop behind it must not begin within the bubble
	signal.Notify(hangups, syscall.SIGHUP)
	signal.Stop(hangups)
	e := &editing{t: t, dir: t.TempDir(), told: &reloads{taken: time.Now()}, logs: new(bytes.Buffer)}
	e.write("process.yaml", processNamed("p1"))
	e.write("drumbeat.yaml", scheduled("one", more))
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		cfg, state, err := readConfig(e.path("drumbeat.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		changed := watchConfig(ctx, cfg, state, e.told, func(_ context.Context, cfg *config.Config) (*house, error) {
			if e.furnish != nil {
				e.furnish(cfg)
			}
			drop := func() error { e.mu.Lock(); defer e.mu.Unlock(); e.dropped++; return nil }
			return &house{Worker: &worker.Worker{Config: cfg, Log: slog.New(slog.NewTextHandler(e.logs, nil))}, closers: []func() error{drop}}, nil
		}, slog.New(slog.NewTextHandler(e.logs, nil)))
		go func() {
			for {
				select {
				case h := <-changed:
					e.mu.Lock()
					e.taken = append(e.taken, h.Config.Schedules[0].Name+" "+h.Config.Process.Name)
					e.mu.Unlock()
				case <-ctx.Done():
					return
				}
			}
		}()
		synctest.Wait()
		work(e)
		e.pass(5 * time.Second)
		stop()
		synctest.Wait()
	})
	return e
}

func (e *editing) path(name string) string { return filepath.Join(e.dir, name) }

// pass lets time pass, at a moment at which nobody looks.
func (e *editing) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (e *editing) write(name, text string) {
	e.t.Helper()
	e.must(os.MkdirAll(filepath.Dir(e.path(name)), 0o755))
	e.must(os.WriteFile(e.path(name), []byte(text), 0o600))
}

func (e *editing) rename(from, to string) {
	e.t.Helper()
	e.must(os.Rename(e.path(from), e.path(to)))
}

func (e *editing) link(to, name string) {
	e.t.Helper()
	e.must(os.Symlink(to, e.path(name)))
}

func (e *editing) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// inParts writes a file from its beginning on, with a rest after each part.
func (e *editing) inParts(name, text string, parts int, rest time.Duration) {
	e.t.Helper()
	f, err := os.Create(e.path(name))
	e.must(err)
	for part := range slices.Chunk([]byte(text), len(text)/parts+1) {
		_, err := f.Write(part)
		e.must(err)
		e.pass(rest)
	}
	e.must(f.Close())
}

// However a file comes to be another one, it is taken once, and whole; who changes nothing reloads nothing.
func TestAChangedFileIsTakenHoweverItIsSaved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, more string
		work       func(*editing)
		want       string
		refused    string // what the log says of what lay there in between; empty: nothing
	}{
		{"as vim does: the old one is renamed, a new one written", "", func(e *editing) {
			e.rename("drumbeat.yaml", "drumbeat.yaml~")
			e.write("drumbeat.yaml", scheduled("two", ""))
		}, "two p1", ""},
		{"and is gone for a moment in between", "", func(e *editing) {
			e.rename("drumbeat.yaml", "drumbeat.yaml~")
			e.pass(900 * time.Millisecond)
			e.write("drumbeat.yaml", scheduled("two", ""))
		}, "two p1", ""},
		{"a new one is renamed over it", "", func(e *editing) {
			e.write(".drumbeat.yaml.swp", scheduled("two", ""))
			e.rename(".drumbeat.yaml.swp", "drumbeat.yaml")
		}, "two p1", ""},
		{"in place, slowly", "", func(e *editing) {
			e.inParts("drumbeat.yaml", scheduled("two", strings.Repeat("# more\n", 100)), 9, 400*time.Millisecond)
		}, "two p1", ""},
		{"in place, with a rest after a half that is no config", "", func(e *editing) {
			e.inParts("drumbeat.yaml", scheduled("two", ""), 2, 3*time.Second)
		}, "two p1", "a mapping or list in one line that breaks off"},
		// What rests and has no fault is a config, whatever its author still meant to write.
		{"in place, with a rest after a half that is a config", "", func(e *editing) {
			e.write("drumbeat.yaml", scheduled("two", "#"))
			e.pass(3 * time.Second)
			e.write("drumbeat.yaml", scheduled("two", "# and its end\n"))
		}, "two p1, two p1", ""},
		{"a config map is swapped, with its process", "", func(e *editing) {
			for name, of := range map[string]string{"..v1": "one", "..v2": "two"} {
				e.write(name+"/drumbeat.yaml", scheduled(of, ""))
				e.write(name+"/process.yaml", processNamed(map[string]string{"one": "p1", "two": "p2"}[of]))
			}
			e.link("..v1", "..data")
			for _, name := range []string{"drumbeat.yaml", "process.yaml"} {
				e.must(os.Remove(e.path(name)))
				e.link("..data/"+name, name)
			}
			e.pass(5 * time.Second)
			e.link("..v2", "..data_tmp")
			e.rename("..data_tmp", "..data")
			e.must(os.RemoveAll(e.path("..v1")))
		}, "two p2", ""},
		{"it is touched", "", func(e *editing) {
			e.must(os.Chtimes(e.path("drumbeat.yaml"), time.Now().Add(time.Hour), time.Now().Add(time.Hour)))
		}, "", ""},
		{"the same is written again", "", func(e *editing) { e.write("drumbeat.yaml", scheduled("one", "")) }, "", ""},
		{"it is gone for ten seconds", "", func(e *editing) {
			e.rename("drumbeat.yaml", "elsewhere")
			e.pass(10 * time.Second)
			e.rename("elsewhere", "drumbeat.yaml")
		}, "one p1", "drumbeat.yaml: cannot be read"},
		{"the process", "", func(e *editing) { e.write("process.yaml", processNamed("p2")) }, "one p2", ""},
		{"a process that comes after the config that names it", "", func(e *editing) {
			e.write("drumbeat.yaml", strings.Replace(scheduled("two", ""), "process.yaml", "other.yaml", 1))
			e.pass(5 * time.Second)
			e.write("other.yaml", processNamed("p2"))
		}, "two p2", "other.yaml cannot be read"},
		{"a password", "web: {auth: {username: u, password_file: password}}\n", func(e *editing) {
			e.write("password", "secret")
			e.pass(5 * time.Second)
			e.write("password", "another")
		}, "one p1, one p1", ""},
		{"a template in a folder behind a link", "templates: ours\n", func(e *editing) {
			e.write("v2/words.txt", "changed")
			e.must(os.Remove(e.path("ours")))
			e.link("v2", "ours")
			e.pass(5 * time.Second)
			e.write("v2/words.txt", "changed again")
		}, "one p1, one p1", ""},
		{"waivers", "waivers: waivers.csv\n", func(e *editing) { e.write("waivers.csv", "deal_id,checkpoint\n") }, "one p1", ""},
		{"a query", "currency: USD\n", func(e *editing) {
			e.write("deals.sql", "SELECT 1")
			e.write("drumbeat.yaml", strings.Replace(scheduled("one", ""), "db\"}", "db\", queries: {reps: SELECT 1, deals: deals.sql, stage_changes: SELECT 1}}", 1))
			e.pass(5 * time.Second)
			e.write("deals.sql", "SELECT 2")
		}, "one p1, one p1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := edit(t, "", func(e *editing) {
				if c.more == "" {
					c.work(e)
					return
				}
				e.write("v1/words.txt", "")
				e.link("v1", "ours")
				e.write("waivers.csv", "deal_id\n")
				e.write("password", "first")
				e.write("drumbeat.yaml", scheduled("one", c.more))
				e.pass(5 * time.Second)
				e.taken = nil
				c.work(e)
			})
			if got := strings.Join(e.taken, ", "); got != c.want {
				t.Errorf("taken: %q, want %q\n%s", got, c.want, e.logs)
			}
			if refused := strings.Contains(e.logs.String(), "not reloaded"); refused != (c.refused != "") || !strings.Contains(e.logs.String(), c.refused) {
				t.Errorf("refused for %q:\n%s", c.refused, e.logs)
			}
			if _, why := e.told.last(); why != nil {
				t.Errorf("in the end it is still refused: %v", why)
			}
		})
	}
}

// What a house is made of was read in one state of the files: a change meanwhile begins anew.
func TestAChangeBetweenCheckAndUseIsReadAgain(t *testing.T) {
	var changed sync.Once
	var e *editing
	e = edit(t, "", func(made *editing) {
		e = made
		e.furnish = func(*config.Config) { changed.Do(func() { e.write("process.yaml", processNamed("p2")) }) }
		e.write("drumbeat.yaml", scheduled("two", ""))
	})
	if got := strings.Join(e.taken, ", "); got != "two p2" || e.dropped != 1 {
		t.Errorf("taken: %q, %d dropped\n%s", got, e.dropped, e.logs)
	}
}

// The config is changed after it was read and before it is watched: while the worker starts, which takes long where
// the source does not answer.
func TestAChangeDuringTheStartIsNoticed(t *testing.T) {
	t.Parallel()
	e := &editing{t: t, dir: t.TempDir()}
	e.write("process.yaml", processNamed("p1"))
	e.write("drumbeat.yaml", scheduled("one", ""))
	cfg, state, err := readConfig(e.path("drumbeat.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	e.write("drumbeat.yaml", scheduled("two", "")) // while the worker waits for its source
	changed := watchConfig(t.Context(), cfg, state, new(reloads), func(_ context.Context, cfg *config.Config) (*house, error) {
		return &house{Worker: &worker.Worker{Config: cfg, Log: slog.New(slog.DiscardHandler)}}, nil
	}, slog.New(slog.DiscardHandler))
	select {
	case got := <-changed:
		if got.Config.Schedules[0].Name != "two" {
			t.Errorf("reloaded %s", got.Config.Schedules[0].Name)
		}
	case <-time.After(time.Minute):
		t.Error("the change is never noticed")
	}
}

// A config that comes through a pipe is read once: the second time there is nothing in it.
func TestAConfigThroughAPipeIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "drumbeat.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "process.yaml"), []byte(processNamed("p1")), 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(pipe, []byte(scheduled("one", "")), 0o600) }()
	cfg, state, err := readConfig(pipe)
	if err != nil || cfg.Schedules[0].Name != "one" {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if again := fingerprint(cfg.Files); again != state {
		t.Error("it counts as changed")
	}
}

// A pipe in a folder of templates, to which nobody writes, keeps no look at the config waiting.
func TestAPipeInAFolderHoldsUpNobody(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	looked := make(chan struct{})
	go func() { fingerprint([]string{dir}); close(looked) }()
	select {
	case <-looked:
	case <-time.After(time.Minute):
		t.Fatal("it waits for the pipe")
	}
}
