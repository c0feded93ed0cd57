package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

// service is one of docker-compose.yml; keys that are not here have not been thought of.
type service struct {
	Build     string                                         `yaml:"build"`
	Image     string                                         `yaml:"image"`
	Command   []string                                       `yaml:"command"`
	DependsOn map[string]struct{ Condition string }          `yaml:"depends_on"`
	Volumes   []string                                       `yaml:"volumes"`
	Env       map[string]string                              `yaml:"environment"`
	Health    struct{ Test, Interval, Timeout, Retries any } `yaml:"healthcheck"`
	Ports     []string                                       `yaml:"ports"`
	Restart   string                                         `yaml:"restart"`
	Grace     string                                         `yaml:"stop_grace_period"`
	ReadOnly  bool                                           `yaml:"read_only"`
	CapDrop   []string                                       `yaml:"cap_drop"`
	Security  []string                                       `yaml:"security_opt"`
}

// composeFile is docker-compose.yml.
type composeFile struct {
	Shared   service            `yaml:"x-drumbeat"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file
}

// inOrder gives the services that run drumbeat, each after those that it waits for.
func (f composeFile) inOrder(t *testing.T) (names []string) {
	t.Helper()
	for len(names) < len(f.Services) {
		before := len(names)
		for name, s := range f.Services {
			ready := !slices.Contains(names, name)
			for on := range s.DependsOn {
				ready = ready && slices.Contains(names, on)
			}
			if ready {
				names = append(names, name)
			}
		}
		if len(names) == before {
			t.Fatalf("the services wait for one another; only %v can start", names)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return f.Services[name].Build == "" })
}

// Everything that compose needs has to be in the repository, and be read by the services that name it.
func TestComposeFileHoldsTogether(t *testing.T) {
	file := readCompose(t)
	commands := map[string]bool{}
	for _, c := range newRootCmd(io.Discard).Commands() {
		commands[c.Name()] = true
	}
	for name, s := range file.Services {
		for on := range s.DependsOn {
			if _, ok := file.Services[on]; !ok {
				t.Errorf("%s depends on %s, which is no service", name, on)
			}
		}
		if (s.Build == "") == (s.Image == "") {
			t.Errorf("%s needs either build or image", name)
		}
		if s.Build != "" && (len(s.Command) == 0 || !commands[s.Command[0]]) {
			t.Errorf("%s calls %v, which is no command of drumbeat", name, s.Command)
		}
		if s.Build != "" && (!s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.Security, []string{"no-new-privileges:true"})) {
			t.Errorf("%s may do more than it needs", name)
		}
		if s.Image != "" && !strings.Contains(s.Image, ":") {
			t.Errorf("%s: the image %s has no version", name, s.Image)
		}
		if i := slices.Index(s.Command, "--config"); i >= 0 {
			if _, err := os.Stat(filepath.Join("..", "..", "config", filepath.Base(s.Command[i+1]))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s opens %s to everybody", name, p)
			}
		}
		for _, v := range s.Volumes {
			if from, _, _ := strings.Cut(v, ":"); !strings.HasPrefix(from, "./") {
				if _, ok := file.Volumes[from]; !ok {
					t.Errorf("%s mounts %s, which is no volume", name, from)
				}
			}
		}
	}
}

// `docker compose up` without Docker: the same commands with the same config, one after the other, with a database and
// a mailbox at other addresses. Nobody calls `run`: the mails come since a schedule fires. Only its minutes are others,
// so that this need not wait for two.
func TestWhatComposeStartsSendsTheDigestsOnSchedule(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	page := freeAddress(t)
	here := elsewhere{
		"postgres://drumbeat:drumbeat@database/drumbeat?sslmode=disable": dbtest.Postgres(t),
		"/var/lib/drumbeat": t.TempDir(), "/etc/drumbeat": t.TempDir(),
		"host: mailbox, port: 1025": fmt.Sprintf("host: %s, port: %d", box.Host(), box.Port()),
		"0.0.0.0:8080":              page, "http://localhost:8080": "http://" + page,
		"*/2 * * * *": "* * * * *",
	}
	for _, name := range []string{"compose.yaml", "process.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "config", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(here["/etc/drumbeat"], name), []byte(here.put(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range file.inOrder(t) {
		s := file.Services[name]
		args := make([]string, len(s.Command))
		for i, a := range s.Command {
			args[i] = here.put(a)
		}
		if s.Restart == "" { // it ends
			call(t, args...)
			continue
		}
		stop := background(t, "http://"+page+"/readyz", args...)
		defer func() {
			if status, said := stop(); status != exitDone || t.Failed() {
				t.Errorf("%s ended with status %d:\n%s", name, status, said)
			}
		}()
	}
	digestsArrive(t, box, filepath.Join(here["/etc/drumbeat"], "compose.yaml"))
	pagesAnswer(t, box, page)
}

// elsewhere says where the things are in a test that compose has at other places.
type elsewhere map[string]string

func (e elsewhere) put(text string) string {
	for from, to := range e {
		text = strings.ReplaceAll(text, from, to)
	}
	return text
}

// digestsArrive waits until both schedules have sent all they had to.
func digestsArrive(t *testing.T, box *mailbox.Mailbox, config string) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		var all []struct{ Schedule, State string }
		if err := yaml.Unmarshal([]byte(call(t, "ledger", "list", "--config", config, "--format", "json")), &all); err != nil {
			t.Fatal(err)
		}
		in := map[string]int{}
		for _, d := range all {
			in[d.Schedule+" "+d.State]++
		}
		sent := in["weekly-team sent"] + in["weekly-own sent"]
		if in["weekly-team sent"] > 2 && in["weekly-own sent"] > 9 && sent+in["weekly-team skipped"]+in["weekly-own skipped"] == len(all) {
			if got := len(box.Messages()); got != sent {
				t.Errorf("%d mails arrived, %d were sent", got, sent)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after three minutes: %v, %d mails", in, len(box.Messages()))
		}
	}
}

// pagesAnswer asks what compose.yaml promises of the web server: metrics for ops alone, and the links in the mails.
func pagesAnswer(t *testing.T, box *mailbox.Mailbox, page string) {
	t.Helper()
	if status, _ := fetch(t, http.MethodGet, "http://"+page+"/metrics", ""); status != http.StatusUnauthorized {
		t.Errorf("metrics for anybody: %d", status)
	}
	if status, said := fetch(t, http.MethodGet, "http://ops:sample@"+page+"/metrics", ""); status != http.StatusOK {
		t.Errorf("metrics for ops: %d %s", status, said)
	}
	parts, err := mail.Read(box.Messages()[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(parts.Text, "View in the browser:\n")
	view, _, _ := strings.Cut(after, "\n")
	if status, html := fetch(t, http.MethodGet, view, ""); status != http.StatusOK || html != parts.HTML {
		t.Errorf("the mail in a browser, at %q: %d", view, status)
	}
}
