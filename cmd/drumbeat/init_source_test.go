package main

import (
	"os"
	"path/filepath"
	"testing"
)

// drawn is what init says of a database, and the process that it wrote.
func drawn(t *testing.T, args ...string) (said, process string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "first")
	said = call(t, append([]string{"init", "--out", dir}, args...)...)
	text, err := os.ReadFile(filepath.Join(dir, processFile))
	if err != nil {
		t.Fatal(err)
	}
	return said, string(text)
}

func TestTheCountsOfInitAddUp(t *testing.T) {
	said, process := drawn(t, "--from", ofCRM(t, "hubspot"))
	says(t, said, `7 deals in the pipeline "Sales"`, "; 1 won, 1 lost, 5 open\n", `closed lost     "Closed lost", 1 deal`)
	says(t, process, `"Closed lost": 1 deal rests in it, lost, and the history does not say that it came`, "lost: [Closed lost]")
}
