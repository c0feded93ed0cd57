package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	reference "drumbeat/config"
)

// A link in the folder of templates that leads out of it would mail a file of the machine. Those of a mounted config, which
// lead from one of its folders to another, are followed.
func TestTemplatesAreReadFromTheirFolderAlone(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(`{{define "heading about"}}hunter2{{end}} {{hunter2}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, to string
		want     string // of the faults; empty: there is none
	}{
		"a template that is a file elsewhere": {"manager.html", secret, "manager.html: is a link that leads out of the folder; put the file itself there"},
		"by a way up":                         {"rep.txt", "../../" + filepath.Base(filepath.Dir(secret)) + "/secret", "rep.txt: is a link that leads out"},
		"phrases that are a file elsewhere":   {"words.txt", secret, "words.txt: is a link that leads out"},
		"a file of the same folder":           {"words.de.txt", "..data/words.de.txt", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			config := filepath.Join(dir, "drumbeat.yaml")
			folder := filepath.Join(dir, "t")
			for _, made := range []string{folder, filepath.Join(folder, "..v1")} {
				if err := os.Mkdir(made, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for file, text := range map[string]string{config: smallConfig + "templates: t\n", filepath.Join(dir, "process.yaml"): string(reference.ProcessYAML),
				filepath.Join(folder, "..v1", "words.de.txt"): `{{define "heading about"}}Zu dieser Mail{{end}}`} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for link, to := range map[string]string{"..data": "..v1", c.file: c.to} {
				if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
					t.Fatal(err)
				}
			}
			var out, bad strings.Builder
			status := execute(t.Context(), []string{"check", "--config", config}, &out, &bad)
			if said := bad.String(); strings.Contains(said+out.String(), "hunter2") || !strings.Contains(said, c.want) || (status == exitDone) != (c.want == "") {
				t.Errorf("exit status %d\n%s%s", status, &out, said)
			}
		})
	}
}
