package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/fault"
)

// lookEvery is how often a serving worker looks whether its config has changed. It reads the files instead of waiting
// for word of them: editors rename, config maps swap links, and not every file system tells.
const lookEvery = time.Second

// restless is how often files that change while they are read are read again before they are taken as they are: the
// next look finds what they became.
const restless = 10

// furnisher opens all that a worker with a config stands on, or says why it cannot.
type furnisher func(context.Context, *config.Config) (*house, error)

// watchConfig hands over the house whose config is to be in force from now on, each time that the config's files have
// changed and are at rest, and on SIGHUP. What is wrong with them is logged, each fault as `check` prints it, and the
// old config stays; state is that of its files when it was read.
func watchConfig(ctx context.Context, inForce *config.Config, state string, told *reloads, furnish furnisher, log *slog.Logger) <-chan *house {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	next := make(chan *house)
	go func() {
		defer signal.Stop(hangup)
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		files, acted := inForce.Files, state
		for seen := acted; ; {
			asked := false
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				asked = true
			case <-look.C:
			}
			now := fingerprint(files)
			changed := now != acted && now == seen // half of a file that is being written is no config
			if seen = now; !asked && !changed {
				continue
			}
			t := take(ctx, inForce, furnish)
			if ctx.Err() != nil {
				t.drop(log)
				return
			}
			files, acted, seen = t.files, t.state, t.state
			if told.note(t.why); t.why != nil {
				logReload(log, t.why)
				continue
			}
			select {
			case next <- t.house:
				inForce, log = t.house.Config, t.house.Log
			case <-ctx.Done():
				t.drop(log)
				return
			}
		}
	}()
	return next
}

// taking is what came of one reading of a config: a house, or why there is none.
type taking struct {
	house *house
	why   error
	files []string // that were read
	state string   // of them, before and after
}

func (t taking) drop(log *slog.Logger) {
	if t.house == nil {
		return
	}
	if err := t.house.Close(); err != nil {
		log.Error("not closed", "error", err)
	}
}

// take reads a config and all that it names, and refuses what a running worker cannot change. Templates are parsed and
// tried here, so that all that the house will use was read in one state of the files: where that has changed meanwhile,
// they are read again.
func take(ctx context.Context, inForce *config.Config, furnish furnisher) taking {
	for try := 1; ; try++ {
		cfg, state, err := readConfig(inForce.Path)
		if err == nil {
			err = changeable(inForce, cfg)
		}
		t := taking{why: err, files: cfg.Files, state: state}
		if err == nil {
			t.house, t.why = furnish(ctx, cfg)
		}
		if try == restless || ctx.Err() != nil || fingerprint(cfg.Files) == state {
			return t
		}
		t.drop(slog.New(slog.DiscardHandler)) // it never was in use
	}
}

// readConfig reads a config with what sending needs, and gives the state of its files: the same before and after. Where
// there is an error the config is good for its files alone.
func readConfig(path string) (cfg *config.Config, state string, err error) {
	for range restless {
		before := state
		var faults fault.List
		cfg, faults = config.Check(path, os.LookupEnv)
		err = faults.Err()
		if state = fingerprint(cfg.Files); state == before || slices.ContainsFunc(cfg.Files, isStream) {
			break
		}
	}
	return cfg, state, err
}

// fingerprint tells one state of a config's files from another, by what is in them: who only touches one changes
// nothing. Of folders the files in them count.
func fingerprint(files []string) string {
	hash := sha256.New()
	add := func(name string) {
		data, err := os.ReadFile(name)
		fmt.Fprintf(hash, "%s %d %v\n", name, len(data), err)
		hash.Write(data)
	}
	for _, name := range files {
		entries, err := os.ReadDir(name)
		switch {
		case isStream(name):
			continue
		case err != nil: // no folder
			add(name)
			continue
		}
		for _, e := range entries {
			if file := filepath.Join(name, e.Name()); !e.IsDir() && !isStream(file) { // to read that one may take for ever
				add(file)
			}
		}
	}
	return string(hash.Sum(nil))
}

// isStream says whether what a file holds can be read only once, as of a pipe: <(sops decrypt drumbeat.yaml).
func isStream(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// startNeeded are changes that a running worker cannot take.
type startNeeded struct{ changes fault.List }

func (s startNeeded) Error() string { return s.changes.Error() }
func (s startNeeded) Unwrap() error { return s.changes }

// changeable refuses what a running worker cannot change.
func changeable(inForce, cfg *config.Config) error {
	var changes fault.List
	for _, fixed := range []struct {
		key  string
		same bool
	}{
		{"state.dsn", cfg.State.DSN == inForce.State.DSN},
		{"environment", cfg.Environment == inForce.Environment},
		{"web.listen", cfg.Web.Listen == inForce.Web.Listen},
	} {
		if !fixed.same {
			changes = append(changes, fault.Fault{File: cfg.Path, What: fixed.key + " cannot change while Drumbeat runs", Hint: "start it again, or put the old value back"})
		}
	}
	if len(changes) > 0 {
		return startNeeded{changes}
	}
	return nil
}

// reloads remembers how the last one went.
type reloads struct {
	mu    sync.Mutex
	why   error // nil: the config that it read is in force
	at    time.Time
	since time.Time // when the first of those in a row failed of which at is the last
	taken time.Time // when the config in force was
}

func (r *reloads) note(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if why == nil {
		r.taken = now
	} else if r.why == nil {
		r.since = now
	}
	r.why, r.at = why, now
}

// last is why the last reload could not be taken, nil where it was, and when it was; the zero time: there was none.
func (r *reloads) last() (at time.Time, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at, r.why
}

// refused is the config that could not be taken, as admins are told of it; nil: there is none.
func (r *reloads) refused() *digest.Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why == nil {
		return nil
	}
	var start startNeeded
	return &digest.Refusal{Since: r.since, InForce: r.taken, Faults: faultLines(r.why), Start: errors.As(r.why, &start)}
}

// logReload says why the old config stays in force.
func logReload(log *slog.Logger, err error) {
	for _, line := range faultLines(err) {
		log.Error("config not reloaded, the old one stays in force", "fault", line)
	}
}

// faultLines says what is wrong with a config, each fault as check prints it; nil where nothing is.
func faultLines(err error) (lines []string) {
	if err == nil {
		return nil
	}
	var faults fault.List
	if !errors.As(err, &faults) {
		return []string{err.Error()}
	}
	for _, f := range faults[:min(len(faults), fault.Limit)] {
		lines = append(lines, f.String())
	}
	return lines
}
