package config

import (
	"path/filepath"
	"slices"
	"testing"
)

// Whoever watches a config for changes has to know every file that it stands on, also one that is not there yet.
func TestAConfigNamesEveryFileThatItWasReadFrom(t *testing.T) {
	path := folder(t, `
process: process.yaml
waivers: waivers.csv
templates: ours
source: {dsn_file: dsn, queries: {reps: reps.sql, deals: SELECT 1}}
state: {dsn: "sqlite:state.db"}
mail: {from: a@example.com, smtp: {host: localhost, username: u, password_file: secrets/password, ca_file: ca.pem}}
web: {listen: ":8080", base_url: "https://x.example", secret_file: web-secret, auth: {username: u, password_file: web-password}}
schedules: [{name: own, digest: rep, cron: "0 7 * * 1"}]
`)
	cfg, faults := Check(path, testEnv)
	dir := filepath.Dir(path)
	if len(faults) < 6 {
		t.Fatalf("faults %v: hardly any of the files is there", faults)
	}
	var got []string
	for _, f := range cfg.Files {
		name, err := filepath.Rel(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	slices.Sort(got)
	want := []string{"ca.pem", "drumbeat.yaml", "dsn", "ours", "process.yaml", "reps.sql", "secrets/password", "waivers.csv", "web-password", "web-secret"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if cfg, _ := Check(filepath.Join(dir, "nothing.yaml"), testEnv); len(cfg.Files) != 1 {
		t.Errorf("a config that is not there may come: %q", cfg.Files)
	}
}
