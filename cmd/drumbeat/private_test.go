package main

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Names, addresses and amounts are in all of it: what Drumbeat writes is its owner's to read, whatever the umask of most
// systems (022) would leave to others.
func TestWhatHoldsPeoplesDataIsItsOwnersAlone(t *testing.T) {
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
