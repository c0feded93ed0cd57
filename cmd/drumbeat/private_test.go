package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Names, addresses and amounts are in all of it: what Drumbeat writes is its owner's to read, whatever the umask of most
// systems (022) would leave to others.
func TestWhatHoldsPeoplesDataIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	dir, _ := inHouse(t, "90d", "")
	config := filepath.Join(dir, "drumbeat.yaml")
	call(t, "run", "weekly-own", "--config", config, "--as-of", "2026-06-01")
	call(t, "run", "weekly-team", "--config", config, "--as-of", "2026-06-01", "--out", filepath.Join(dir, "mails"))
	call(t, "import", filepath.Join(dir, "pipeline"), "--into", "sqlite:"+filepath.Join(dir, "imported.db"))
	seen := map[string]bool{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == "." || strings.HasPrefix(name, "pipeline") || strings.HasPrefix(name, "weekly-") { // the demo's made-up company
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(name, "mails") {
			seen[name] = true
		}
		if d.IsDir() {
			seen["a folder of mails"] = true
		} else if filepath.Ext(name) == ".eml" {
			seen["a mail"] = true
		}
		if open := info.Mode().Perm() & 0o077; open != 0 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"state.db", "state.db.lock", "imported.db", "drumbeat.yaml", "a mail", "a folder of mails"} {
		if !seen[want] {
			t.Errorf("%s was not looked at", want)
		}
	}
}

// keep_bodies is a promise about the file, by whoever is at work: run at its end, serve as soon as it starts.
func TestMailsOlderThanKeepBodiesAreGoneFromTheFile(t *testing.T) {
	t.Parallel()
	listen := freeAddress(t)
	dir, box := inHouse(t, "90d", "web: {listen: \""+listen+"\"}\n")
	config := filepath.Join(dir, "drumbeat.yaml")
	kept := func() int {
		text, err := os.ReadFile(filepath.Join(dir, "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(filepath.Join(dir, "state.db-wal"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return bytes.Count(append(text, log...), []byte("Content-Type: text/html"))
	}
	call(t, "run", "weekly-own", "--config", config, "--as-of", "2026-06-01")
	if sent := len(box.Messages()); sent == 0 || kept() < sent {
		t.Fatalf("%d sent, %d kept: the test looks in the wrong place", sent, kept())
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, bytes.Replace(text, []byte("keep_bodies: 90d"), []byte("keep_bodies: 0d"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := background(t, "http://"+listen+"/healthz", "serve", "--config", config)
	for end := time.Now().Add(time.Minute); kept() > 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if n := kept(); n > 0 {
		t.Errorf("serve: pieces of %d mails are in the file", n)
	}
	stop()
	call(t, "run", "weekly-team", "--config", config, "--as-of", "2026-06-01")
	if n := kept(); n > 0 {
		t.Errorf("run: pieces of %d mails are in the file", n)
	}
}
