package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/fault"
)

// lookEvery is how often a serving worker looks whether its config has changed. It reads the files instead of waiting
// for word of them: editors rename, config maps swap links, and not every file system tells.
const lookEvery = time.Second

// watchConfig hands over the config that is to be in force from now on, each time that its files have changed and are
// at rest, and on SIGHUP. What is wrong with it is logged, each fault as `check` prints it, and the old one stays.
func watchConfig(ctx context.Context, inForce *config.Config, told *reloads, log *slog.Logger) <-chan *config.Config {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	next := make(chan *config.Config)
	acted := fingerprint(inForce)
	go func() {
		defer signal.Stop(hangup)
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for seen := acted; ; {
			asked := false
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				asked = true
			case <-look.C:
			}
			now := fingerprint(inForce)
			changed := now != acted && now == seen // half of a file that is being written is no config
			if seen = now; !asked && !changed {
				continue
			}
			acted = now
			cfg, err := reload(inForce)
			if err != nil {
				told.note(err)
				logReload(log, err)
				continue
			}
			select {
			case next <- cfg:
				inForce = cfg
			case <-ctx.Done():
				return
			}
		}
	}()
	return next
}

// reloads remembers how the last one went.
type reloads struct {
	mu  sync.Mutex
	why error // nil: the config that it read is in force
	at  time.Time
}

func (r *reloads) note(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.why, r.at = why, time.Now()
}

// last is why the last reload could not be taken, nil where it was, and when it was; the zero time: there was none.
func (r *reloads) last() (why error, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why, r.at
}

// fingerprint tells one state of a config's files from another.
func fingerprint(cfg *config.Config) string {
	hash := sha256.New()
	add := func(name string) {
		data, err := os.ReadFile(name)
		fmt.Fprintf(hash, "%s %d %v\n", name, len(data), err)
		hash.Write(data)
	}
	add(cfg.Path)
	add(cfg.ProcessPath)
	if cfg.Waivers != "" {
		add(cfg.Waivers)
	}
	if cfg.Templates != "" {
		_ = filepath.WalkDir(cfg.Templates, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				add(name)
			}
			return nil // what cannot be read is told by who uses it
		})
	}
	return string(hash.Sum(nil))
}

// reload reads the config again, and refuses what a running worker cannot change.
func reload(inForce *config.Config) (*config.Config, error) {
	cfg, err := loadConfig(inForce.Path, true)
	if err != nil {
		return nil, err
	}
	for _, fixed := range []struct {
		key  string
		same bool
	}{
		{"state.dsn", cfg.State.DSN == inForce.State.DSN},
		{"environment", cfg.Environment == inForce.Environment},
		{"web.listen", cfg.Web.Listen == inForce.Web.Listen},
	} {
		if !fixed.same {
			return nil, wrong("%s: %s cannot change while Drumbeat runs; start it again", cfg.Path, fixed.key)
		}
	}
	return cfg, nil
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
