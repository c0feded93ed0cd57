package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// readDoc reads a page or file of docs/.
func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A unit that calls flags that are not there, or writes where it may not, is found out by whoever installs it.
func TestTheSystemdUnitFitsTheProgram(t *testing.T) {
	set := map[string][]string{}
	for line := range strings.Lines(readDoc(t, "drumbeat.service")) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			set[key] = append(set[key], value)
		}
	}
	words := strings.Fields(set["ExecStart"][0])
	command, rest, err := newRootCmd(io.Discard).Find(words[1:])
	if err == nil {
		err = command.ParseFlags(rest)
	}
	if err != nil || command.Name() != "serve" || filepath.Base(words[0]) != "drumbeat" {
		t.Errorf("it starts %s: %v", words, err)
	}
	// For the journal the working directory has to be writable; of the statuses only 2 is one that does not mend itself.
	if state := "/var/lib/" + set["StateDirectory"][0]; set["WorkingDirectory"][0] != state || set["ProtectSystem"][0] != "strict" {
		t.Errorf("it works in %s and may write to %s", set["WorkingDirectory"], state)
	}
	if !slices.Equal(set["RestartPreventExitStatus"], []string{"2"}) {
		t.Errorf("no restart after %s", set["RestartPreventExitStatus"])
	}
	var loaded []string
	for _, c := range set["LoadCredential"] {
		name, _, _ := strings.Cut(c, ":")
		loaded = append(loaded, name)
	}
	for _, used := range regexp.MustCompile(`\$\{CREDENTIALS_DIRECTORY\}/(\w+)`).FindAllStringSubmatch(readDoc(t, "install.md"), -1) {
		if !slices.Contains(loaded, used[1]) {
			t.Errorf("install.md reads the credential %s, and the unit loads %v", used[1], loaded)
		}
	}
}

// What install.md shows can be copied: the config for systemd is valid as it stands, and the manifest is YAML.
func TestWhatInstallShowsCanBeCopied(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readDoc(t, "install.md"), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of YAML", len(blocks))
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"drumbeat.yaml": blocks[0][1], "process.yaml": salesProcess, "smtp": "secret\n",
		"source": "postgres://reader:secret@db.example.com/sales\n", "state": "postgres://drumbeat:secret@db.example.com/drumbeat\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if said := call(t, "check", "--config", filepath.Join(dir, "drumbeat.yaml")); !strings.Contains(said, "is valid") {
		t.Errorf("check says\n%s", said)
	}
	var manifest struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct {
						LivenessProbe, ReadinessProbe struct {
							HTTPGet struct{ Path string } `yaml:"httpGet"`
						}
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(blocks[1][1]), &manifest); err != nil || len(manifest.Spec.Template.Spec.Containers) != 1 {
		t.Errorf("the manifest: %v, %+v", err, manifest)
	}
}

// Every link from one page to another, and to a heading there, leads somewhere.
func TestThePagesOfInstallingLinkToWhatIsThere(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]+))?\)`)
	for _, page := range []string{"install.md", "commands.md"} {
		for _, link := range links.FindAllStringSubmatch(readDoc(t, page), -1) {
			to := orElse(link[1], page)
			if strings.Contains(to, ":") {
				continue
			}
			text := readDoc(t, to)
			there := link[2] == ""
			for line := range strings.Lines(text) {
				if heading := strings.TrimLeft(line, "#"); heading != line && anchor(strings.TrimSpace(strings.ReplaceAll(heading, "'", ""))) == link[2] {
					there = true
				}
			}
			if !there {
				t.Errorf("%s: no %s in %s", page, link[2], to)
			}
		}
	}
}
