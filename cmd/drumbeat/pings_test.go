package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

// monitor is a real server that writes down the paths that it is asked for.
type monitor struct {
	*httptest.Server
	mu   sync.Mutex
	said []string
}

func newMonitor(t *testing.T) *monitor {
	t.Helper()
	m := &monitor{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.said = append(m.said, r.URL.RequestURI())
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *monitor) heard() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	said := m.said
	m.said = nil
	return said
}

// pinged is the demo in a folder, whose weekly-own is watched at a URL.
func pinged(t *testing.T, url, more string) (config string) {
	t.Helper()
	dir, _ := inHouse(t, "90d", more)
	config = filepath.Join(dir, "drumbeat.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	watched := strings.Replace(string(text), `{name: weekly-own, digest: rep, cron: "0 7 * * 1"}`,
		`{name: weekly-own, digest: rep, cron: "0 7 * * 1", catch_up: none, ping: "`+url+`"}`, 1)
	if err := os.WriteFile(config, []byte(watched), 0o600); err != nil || watched == string(text) {
		t.Fatal(err)
	}
	return config
}

func TestARunByHandPingsItsMonitor(t *testing.T) {
	t.Parallel()
	m := newMonitor(t)
	config := pinged(t, m.URL+"/geheim?create=1", "")
	run := func(want string, args ...string) {
		t.Helper()
		var said bytes.Buffer
		status := execute(t.Context(), append([]string{"run", "weekly-own", "--accept-data", "--config", config}, args...), io.Discard, &said)
		if status != exitDone || strings.Contains(said.String(), "geheim") {
			t.Errorf("%q: exit status %d, %s", args, status, said.String())
		}
		if got := strings.Join(m.heard(), " "); got != want {
			t.Errorf("%q: the monitor heard %q, want %q; %s", args, got, want, said.String())
		}
	}
	run("", "--out", t.TempDir())
	run("", "--redirect", "me@example.com")
	run("/geheim/start?create=1 /geheim?create=1")
	run("/geheim?create=1")          // again: nothing to do
	run("", "--as-of", "2026-06-01") // an old week says nothing of this one

	m.Close()
	var said bytes.Buffer
	status := execute(t.Context(), []string{"run", "weekly-own", "--accept-data", "--config", config}, io.Discard, &said)
	if status != exitDone || !strings.HasPrefix(said.String(), "drumbeat: schedule weekly-own: ping of "+m.URL+": ") || strings.Contains(said.String(), "geheim") {
		t.Errorf("nobody listens: exit status %d, %s", status, said.String())
	}
}

// missedLongAgo lets weekly-own be a schedule of which nobody makes up for what it missed.
func missedLongAgo(t *testing.T, config string) {
	t.Helper()
	state, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(filepath.Dir(config), "state.db"))
	if err == nil {
		err = state.Guard(t.Context(), "demo")
	}
	if err == nil {
		err = state.SetLastDue(t.Context(), "weekly-own", time.Now().AddDate(0, 0, -30))
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = state.Close()
}

// untilPage waits until the page of metrics is as wanted.
func untilPage(t *testing.T, listen, what string, is func(page string) bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, page := fetch(t, http.MethodGet, "http://"+listen+"/metrics", "")
		if is(page) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s:\n%s", what, page)
		}
	}
}

// addTo puts more at the end of a config.
func addTo(t *testing.T, config, more string) {
	t.Helper()
	text, err := os.ReadFile(config)
	if err == nil {
		err = os.WriteFile(config, append(text, more...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var configVersion = regexp.MustCompile(`drumbeat_config_info\{config="([^"]*)"`)

func TestServePingsAndCountsOverAReload(t *testing.T) {
	t.Parallel()
	m := newMonitor(t)
	listen := freeAddress(t)
	config := pinged(t, m.URL+"/geheim", "web: {listen: \""+listen+"\"}\n")
	missedLongAgo(t, config)
	stop := background(t, "http://"+listen+"/readyz", "serve", "--config", config)
	counted := func(page string) bool {
		return series(t, page, `drumbeat_runs_total{outcome="missed",schedule="weekly-own"}`) >= 1 &&
			series(t, page, `drumbeat_pings_total{outcome="ok",schedule="weekly-own"}`) >= 1 &&
			series(t, page, `drumbeat_runs_total{outcome="ok",schedule="weekly-team"}`) == 0 &&
			series(t, page, `drumbeat_pings_total{outcome="ok",schedule="weekly-team"}`) == -1
	}
	untilPage(t, listen, "what was missed is not counted", counted)
	_, page := fetch(t, http.MethodGet, "http://"+listen+"/metrics", "")
	before := configVersion.FindString(page)
	addTo(t, config, "links: {deal: \"https://crm.example.com/{id}\"}\n")
	untilPage(t, listen, "counts are gone after a reload", func(page string) bool { return configVersion.FindString(page) != before && counted(page) })
	if status, said := stop(); status != exitDone || strings.Contains(said, "geheim") {
		t.Errorf("exit status %d, log:\n%s", status, said)
	}
	if got := m.heard(); len(got) == 0 || slices.ContainsFunc(got, func(s string) bool { return s != "/geheim/fail" }) {
		t.Errorf("the monitor heard %q", got)
	}
}

// A ping that is on its way while the config is reloaded is logged as the new one says.
func TestAfterAReloadPingsAreLoggedAsTheNewConfigSays(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}, 10), make(chan struct{})
	m := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(m.Close)
	listen := freeAddress(t)
	config := pinged(t, m.URL+"/geheim", "web: {listen: \""+listen+"\"}\n")
	missedLongAgo(t, config)
	stop := background(t, "http://"+listen+"/readyz", "serve", "--config", config)
	<-asked
	_, page := fetch(t, http.MethodGet, "http://"+listen+"/metrics", "")
	addTo(t, config, "log: {format: json}\n")
	untilPage(t, listen, "not reloaded", func(now string) bool { return configVersion.FindString(now) != configVersion.FindString(page) })
	close(answer)
	untilPage(t, listen, "the ping has no end", func(page string) bool {
		return series(t, page, `drumbeat_pings_total{outcome="failed",schedule="weekly-own"}`) >= 1
	})
	status, said := stop()
	if status != exitDone || !strings.Contains(said, `"msg":"monitor not told","schedule":"weekly-own"`) || strings.Contains(said, "geheim") {
		t.Errorf("exit status %d, log:\n%s", status, said)
	}
}
