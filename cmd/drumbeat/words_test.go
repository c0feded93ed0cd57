package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// From the config to the mail: everybody is spoken to in their own language, with their own numbers and dates, and
// learns where to read how figures are computed.
func TestEverybodyIsSpokenToInTheirOwnWords(t *testing.T) {
	t.Parallel()
	dir, _ := inHouse(t, "90d", `
templates: ours
people:
  - {rep: R003, locale: de-AT}
  - {rep: R004, locale: en-US}
web: {listen: "127.0.0.1:8080", base_url: "https://drumbeat.example.com", secret: "0123456789abcdef0123456789abcdef"}
`)
	ours := filepath.Join(dir, "ours")
	if err := os.Mkdir(ours, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{"words.de.txt": `{{define "heading about"}}Zu dieser Mail{{end}} {{define "of"}}{{whole .n}} von {{whole .all}}{{end}}`,
		"words.txt": `{{define "heading about"}}Why this mail{{end}}`} {
		if err := os.WriteFile(filepath.Join(ours, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "drumbeat.yaml")
	if got := call(t, "check", "--config", config); !strings.Contains(got, "de: 2 of ") || !strings.Contains(got, "the others are in English; 1 person reads it") {
		t.Errorf("check says\n%s", got)
	}
	call(t, "run", "--config", config, "--as-of", "2026-06-01", "--out", filepath.Join(dir, "mails"))
	for file, want := range map[string][]string{
		"weekly-own/2026-06-01/R003.html":  {`<html lang="de"`, "Zu dieser Mail", " von ", "https://drumbeat.example.com/how"},
		"weekly-own/2026-06-01/R004.html":  {`<html lang="en"`, "Why this mail", "May\u00a025 to 31", "the end of Sunday May 31"},
		"weekly-own/2026-06-01/R005.html":  {`<html lang="en"`, "Why this mail", "25 to 31", " of "},
		"weekly-team/2026-06-01/R002.html": {`<html lang="en"`, "Why this mail", "25 to 31"},
	} {
		page, err := os.ReadFile(filepath.Join(dir, "mails", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range want {
			if !strings.Contains(string(page), s) {
				t.Errorf("%s does not say %q", file, s)
			}
		}
	}
	at := freeAddress(t)
	stop := background(t, "http://"+at+"/stories", "preview", "--config", config, "--addr", at, "--as-of", "2026-06-01")
	for path, want := range map[string]string{"/how": "What Drumbeat measures", "/words/words-deals.txt": `{{define "pushed"}}`,
		"/frame?story=rep&language=de": "Zu dieser Mail", "/frame?story=rep": "Why this mail"} {
		if _, got := fetch(t, http.MethodGet, "http://"+at+path, ""); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	if status, _ := fetch(t, http.MethodGet, "http://"+at+"/words/manager.html", ""); status != http.StatusNotFound {
		t.Errorf("a template that is no file of phrases: %d", status)
	}
	if status, said := stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, said)
	}
}
