package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

// image is what the Dockerfile makes, as a folder: there is no Docker engine in the gate.
type image struct {
	root       string
	user       int
	workdir    string
	entrypoint string
}

var (
	copied  = regexp.MustCompile(`^COPY --from=build (?:--chown=(\d+):\d+ )?/out/(\S+) (\S+)$`)
	settled = regexp.MustCompile(`^(USER|WORKDIR|ENTRYPOINT) (?:\["(\S+)"\]|(\d+):\d+|(\S+))$`)
)

// buildImage runs the Dockerfile's own build, and lays the results where its last stage does. What it does not
// understand fails the test.
func buildImage(t *testing.T) (img image) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	build, final, ok := strings.Cut(strings.ReplaceAll(string(text), "\\\n", ""), "\nFROM scratch\n")
	_, commands, found := strings.Cut(build, "RUN CGO_ENABLED=0 ")
	if !ok || !found {
		t.Fatalf("the Dockerfile builds no static binary for an empty image:\n%s", text)
	}
	out := t.TempDir()
	sh := exec.CommandContext(t.Context(), "sh", "-ec", "CGO_ENABLED=0 "+strings.ReplaceAll(commands, "/out/", out+"/"))
	sh.Dir, sh.Env = filepath.Join("..", ".."), append(os.Environ(), "VERSION=v1.2.3", "REVISION=of-the-image")
	if said, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	img.root = t.TempDir()
	if err := os.Chmod(filepath.Dir(img.root), 0o755); err != nil { // nobody has to get here
		t.Fatal(err)
	}
	for line := range strings.Lines(final) {
		line = strings.TrimSpace(line)
		if c := copied.FindStringSubmatch(line); c != nil {
			img.lay(t, filepath.Join(out, c[2]), c[3], c[1])
		} else if s := settled.FindStringSubmatch(line); s != nil {
			switch s[1] {
			case "USER":
				img.user, _ = strconv.Atoi(s[3]) // digits
			case "WORKDIR":
				img.workdir = s[4]
			case "ENTRYPOINT":
				img.entrypoint = s[2]
			}
		} else if !strings.HasPrefix(line, "CMD ") {
			t.Fatalf("the Dockerfile says %q, which this test does not know", line)
		}
	}
	return img
}

// lay puts a file or an empty folder into the image, as root's or somebody's own.
func (img image) lay(t *testing.T, from, to, owner string) {
	t.Helper()
	to = filepath.Join(img.root, to)
	err := os.MkdirAll(filepath.Dir(to), 0o755)
	if err == nil {
		err = os.Rename(from, to)
	}
	if id, _ := strconv.Atoi(owner); err == nil && owner != "" {
		err = os.Chown(to, id, id)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// command is the image's binary with nothing of this machine around it: no files, no variables, no rights.
func (img image) command(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), img.entrypoint, args...)
	cmd.Dir, cmd.Env = img.workdir, []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: img.root, Credential: &syscall.Credential{Uid: uint32(img.user), Gid: uint32(img.user)}}
	return cmd
}

func (img image) call(t *testing.T, args ...string) string {
	t.Helper()
	said, err := img.command(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("drumbeat %s in the image: %v\n%s", strings.Join(args, " "), err, said)
	}
	return string(said)
}

// files lists what stands in the image outside of its volume.
func (img image) files(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(img.root, func(path string, _ fs.DirEntry, err error) error {
		if !strings.HasPrefix(path, filepath.Join(img.root, img.workdir)+"/") {
			names = append(names, strings.TrimPrefix(path, img.root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// The image holds no zones, no authorities, no shell, no place for temporary files, and its root belongs to somebody else.
func TestTheImageNeedsNothingAroundIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing the root needs root")
	}
	t.Parallel()
	img := buildImage(t)
	if img.user != 65534 {
		t.Errorf("it runs as %d, who is not nobody", img.user)
	}
	if got, want := img.files(t), []string{"", "/drumbeat", "/var", "/var/lib", "/var/lib/drumbeat"}; !slices.Equal(got, want) {
		t.Errorf("in the image: %v, want %v", got, want)
	}
	if got, want := img.call(t, "--version"), "drumbeat of-the-image, version v1.2.3\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if said := img.call(t, "demo"); !strings.Contains(said, "17 digests received by SMTP") {
		t.Errorf("the demo says\n%s", said)
	}
	digests, err := filepath.Glob(filepath.Join(img.root, img.workdir, "drumbeat-demo", "*", "2026-06-01", "*.html"))
	if err != nil || len(digests) != 17 {
		t.Errorf("%d digests were written: %v", len(digests), err)
	}
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	page := freeAddress(t)
	img.configure(t, box, page)
	before := img.files(t)
	img.sends(t, box)
	if said := img.call(t, "ledger", "forget", "--rep", "R002", "--yes", "--config", "/etc/drumbeat.yaml"); !strings.HasSuffix(said, "removed\n") { // which rewrites the file
		t.Errorf("forget says\n%s", said)
	}
	img.serves(t, page)
	if after := img.files(t); !slices.Equal(after, before) {
		t.Errorf("something was written outside of the volume: %v", after)
	}
}

// configure mounts a config that reads what the demo has left.
func (img image) configure(t *testing.T, box *mailbox.Mailbox, page string) {
	t.Helper()
	process, err := os.ReadFile(filepath.Join("..", "..", "config", "process.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`time_zone: Europe/Berlin
process: process.yaml
source: {dsn: "sqlite:%[1]s/drumbeat-demo/pipeline.db"}
state: {dsn: "sqlite:%[1]s/state.db"}
schedules:
  - {name: here, digest: rep, cron: "0 7 * * 1"}
  - {name: there, digest: rep, cron: "0 7 * * 1", time_zone: America/New_York}
mail: {from: drumbeat@drumbeat.example, smtp: {host: %[2]s, port: %[3]d, tls: none}, rate: 1000/s}
web: {listen: "%[4]s"}
`, img.workdir, box.Host(), box.Port(), page)
	if err := os.Mkdir(filepath.Join(img.root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"drumbeat.yaml": config, "process.yaml": string(process)} {
		if err := os.WriteFile(filepath.Join(img.root, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// sends runs the schedules, and looks at the hours: those of zones that this root has no files of.
func (img image) sends(t *testing.T, box *mailbox.Mailbox) {
	t.Helper()
	plan := img.call(t, "plan", "--config", "/etc/drumbeat.yaml", "--from", "2026-05-31", "--next", "1")
	for _, tick := range []string{"2026-06-01 07:00 +02:00  Europe/Berlin", "2026-06-01 07:00 -04:00  America/New_York"} {
		if !strings.Contains(plan, tick) {
			t.Errorf("no tick at %s in\n%s", tick, plan)
		}
	}
	img.call(t, "run", "--config", "/etc/drumbeat.yaml", "--as-of", "2026-06-01")
	img.call(t, "run", "--config", "/etc/drumbeat.yaml", "--as-of", "2026-06-01", "--redirect", "ops@drumbeat.example", "here")
	hours := map[string]int{}
	for _, m := range box.Messages() {
		parts, err := mail.Read(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		hours[parts.Field("Date")]++
	}
	if here, there := hours["Mon, 01 Jun 2026 05:00:00 +0000"], hours["Mon, 01 Jun 2026 11:00:00 +0000"]; here < 9 || there*2 != here {
		t.Errorf("hours of the mails: %v", hours)
	}
}

// serves starts the worker and stops it as a container is stopped.
func (img image) serves(t *testing.T, page string) {
	t.Helper()
	worker := img.command(t, "serve", "--config", "/etc/drumbeat.yaml")
	var said strings.Builder
	worker.Stdout, worker.Stderr = &said, &said
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	status := 0
	for end := time.Now().Add(time.Minute); status != http.StatusOK && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		status, _ = fetch(t, http.MethodGet, "http://"+page+"/readyz", "")
	}
	err := worker.Process.Signal(syscall.SIGTERM)
	if err == nil {
		err = worker.Wait()
	}
	if err != nil || status != http.StatusOK {
		t.Errorf("serve in the image: ready %d, %v\n%s", status, err, &said)
	}
}
