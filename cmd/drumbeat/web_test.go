package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

// inHouse is the demo's pipeline and config in a folder, its relay a mailbox of the test; keep is keep_bodies.
func inHouse(t *testing.T, keep, web string) (dir string, box *mailbox.Mailbox) {
	t.Helper()
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	dir = filepath.Join(t.TempDir(), "demo")
	call(t, "demo", "--out", dir, "--reps", "4", "--deals", "60")
	name := filepath.Join(dir, "drumbeat.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("port: 1025", "port: "+strconv.Itoa(box.Port()), `"sqlite:state.db"}`, `"sqlite:state.db", keep_bodies: `+keep+`}`).
		Replace(string(text)) + web
	if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, box
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// background runs a command until the test ends or stop is called, which gives its exit status and what it said.
func background(t *testing.T, ready string, args ...string) (stop func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var said bytes.Buffer
	done := make(chan int, 1)
	go func() { done <- execute(ctx, args, io.Discard, &said) }()
	stop = func() (int, string) {
		cancel()
		status := <-done
		done <- status
		return status, said.String()
	}
	t.Cleanup(func() { stop() })
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if status, _ := fetch(t, http.MethodGet, ready, ""); status == http.StatusOK {
			return stop
		}
		if time.Now().After(end) {
			_, said := stop()
			t.Fatalf("drumbeat %s does not answer at %s:\n%s", strings.Join(args, " "), ready, said)
		}
	}
}

func fetch(t *testing.T, method, address, form string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// From the mail that a reader has, through the worker, to the ledger.
func TestServeAnswersTheLinksInItsMails(t *testing.T) {
	t.Parallel()
	listen := freeAddress(t)
	dir, box := inHouse(t, "100w", "web: {listen: \""+listen+"\", base_url: \"https://drumbeat.example.com/d\", secret: 0123456789abcdef0123456789abcdef}\n")
	config := filepath.Join(dir, "drumbeat.yaml")
	call(t, "run", "weekly-own", "--config", config, "--as-of", "2026-06-01")
	got := box.Messages()
	if len(got) < 2 {
		t.Fatalf("%d mails", len(got))
	}
	parts, err := mail.Read(got[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	stop := background(t, "http://"+listen+"/readyz", "serve", "--config", config)
	onOurs := func(link string) string {
		u, err := url.Parse(link)
		if err != nil || u.Host != "drumbeat.example.com" {
			t.Fatalf("link %q: %v", link, err)
		}
		return "http://" + listen + u.Path
	}
	_, after, _ := strings.Cut(parts.Text, "View in the browser:\n")
	view, after, _ := strings.Cut(after, "\n")
	_, after, _ = strings.Cut(after, "Unsubscribe:\n")
	out, _, _ := strings.Cut(after, "\n")
	if status, page := fetch(t, http.MethodGet, onOurs(view), ""); status != 200 || page != parts.HTML {
		t.Errorf("the mail in a browser: %d, %d bytes of %d", status, len(page), len(parts.HTML))
	}
	if header := parts.Field("List-Unsubscribe"); !strings.HasPrefix(header, "<"+out+">") {
		t.Errorf("the foot says %s, the header %s", out, header)
	}
	if status, _ := fetch(t, http.MethodPost, onOurs(out), "List-Unsubscribe=One-Click"); status != 200 {
		t.Errorf("one click: %d", status)
	}
	if status, said := stop(); status != exitDone || strings.Contains(said, "@") {
		t.Errorf("exit status %d, log:\n%s", status, said)
	}
	state, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	outs, err := state.OptOuts(t.Context(), "rep")
	if err != nil || len(outs) != 1 || outs[0] != got[0].To[0] {
		t.Errorf("opted out: %v, %v; the mail went to %v", outs, err, got[0].To)
	}
	call(t, "run", "weekly-own", "--config", config, "--as-of", "2026-06-08", "--accept-data")
	for _, m := range box.Messages()[len(got):] {
		if m.To[0] == outs[0] {
			t.Error("the next week's came all the same")
		}
	}
}

func TestARunForgetsTheBodiesThatAreNotKept(t *testing.T) {
	t.Parallel()
	dir, _ := inHouse(t, "0d", "")
	config := filepath.Join(dir, "drumbeat.yaml")
	call(t, "run", "--config", config, "--as-of", "2026-06-01")
	state, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	rows, err := state.List(t.Context(), ledger.Filter{State: ledger.Sent})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if full, err := state.Get(t.Context(), r.ID); err != nil || full.Body != nil || full.Subject == "" {
			t.Errorf("%+v, %v", full, err)
		}
	}
}

func TestPreviewShowsTheDayAndWhatAChangedFileDoes(t *testing.T) {
	t.Parallel()
	dir, box := inHouse(t, "90d", "")
	addr, process := freeAddress(t), filepath.Join(dir, "process.yaml")
	stop := background(t, "http://"+addr+"/stories", "preview", "--config", filepath.Join(dir, "drumbeat.yaml"), "--addr", addr, "--as-of", "2026-06-01")
	see := func(wantStatus int, wants ...string) {
		t.Helper()
		status, page := fetch(t, http.MethodGet, "http://"+addr+"/", "")
		for _, want := range wants {
			if status != wantStatus || !strings.Contains(page, want) {
				t.Fatalf("%d, %q is missing in\n%s", status, want, page)
			}
		}
	}
	see(200, "Digests as of Monday, 1 June 2026", "weekly-team", "The week until Sunday, 31 May; goes out on Monday, 1 June 2026, at 07:00 (UTC)", "people get none")
	good, err := os.ReadFile(process)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(process, append([]byte("nonsense: 1\n"), good...), 0o600); err != nil {
		t.Fatal(err)
	}
	see(502, "process.yaml:1:1: nonsense: unknown key")
	if err := os.WriteFile(process, good, 0o600); err != nil {
		t.Fatal(err)
	}
	see(200, "weekly-own")
	if err := os.Rename(filepath.Join(dir, "pipeline.db"), filepath.Join(dir, "away.db")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(process, append(good, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	see(502, "The digests of this day cannot be made", "pipeline.db")
	if status, said := stop(); status != exitDone || said != "" {
		t.Errorf("exit status %d: %s", status, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "state.db")); err == nil || len(box.Messages()) > 0 {
		t.Error("a preview made a ledger, or sent something")
	}
}

func TestPreviewRefusesACallThatIsWrong(t *testing.T) {
	t.Parallel()
	dir, _ := inHouse(t, "90d", "")
	config := filepath.Join(dir, "drumbeat.yaml")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an address": {[]string{"--config", config, "--addr", "nowhere"}, `"nowhere" is no address`},
		"a date":     {[]string{"--config", config, "--as-of", "tomorrow"}, "neither a date nor an instant"},
		"no config":  {[]string{"--config", filepath.Join(dir, "none.yaml")}, "cannot be read"},
	} {
		var out, bad bytes.Buffer
		if status := execute(t.Context(), append([]string{"preview"}, c.args...), &out, &bad); status != exitWrong || !strings.Contains(bad.String(), c.want) || out.Len() > 0 {
			t.Errorf("%s: exit status %d, %s %s", name, status, &out, &bad)
		}
	}
}
