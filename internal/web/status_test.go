package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"

	"drumbeat/internal/ledger"
)

func TestWithoutAPasswordThePageIsForThisMachineAlone(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }
	from := func(address string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = address } }
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"a browser on this machine":          {nil, 200},
		"by name":                            {host("LocalHost:8080"), 200},
		"another loopback address":           {host("127.9.9.9"), 200},
		"IPv6":                               {func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:50123", "[::1]:8080" }, 200},
		"IPv6 without a port":                {host("[::1]"), 200},
		"IPv4 in IPv6":                       {from("[::ffff:127.0.0.1]:50123"), 200},
		"another machine":                    {from("10.0.0.8:50123"), 403},
		"another machine that knows a name":  {func(r *http.Request) { r.RemoteAddr, r.Host = "10.0.0.8:50123", "localhost:8080" }, 403},
		"another machine by IPv6":            {from("[fe80::1%eth0]:50123"), 403},
		"no address":                         {from("@"), 403},
		"DNS rebinding":                      {host("evil.example:8080"), 403},
		"a name that begins like ours":       {host("localhost.evil.example"), 403},
		"a name that begins like an address": {host("127.0.0.1.evil.example:8080"), 403},
		"a name that ends like ours":         {host("evil-localhost:8080"), 403},
		"no name":                            {host(""), 403},
		"every address":                      {host("0.0.0.0:8080"), 403},
		"a proxy":                            {header("Forwarded", "for=10.0.0.8"), 403},
		"an older proxy":                     {header("X-Forwarded-For", "10.0.0.8"), 403},
		"a proxy with TLS":                   {header("X-Forwarded-Proto", "https"), 403},
		"a proxy that names the reader":      {header("X-Real-IP", "10.0.0.8"), 403},
		"a cache":                            {header("Via", "1.1 cache"), 403},
		"nginx as it is installed":           {func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }, 403},
	} {
		w := newWard(t)
		got := w.ask(c.change)
		if got.Code != c.want || strings.Contains(got.Body.String(), "weekly-own") != (c.want == 200) || (c.want == 403) != strings.Contains(got.Body.String(), "web.auth") {
			t.Errorf("%s: %d, want %d\n%s", name, got.Code, c.want, got.Body)
		}
		if csp := got.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script") ||
			got.Header().Get("Cache-Control") != "private, no-store" || got.Header().Get("X-Robots-Tag") == "" {
			t.Errorf("%s: headers %v", name, got.Header())
		}
		if c.want == 403 && w.asked > 0 {
			t.Errorf("%s: the ledger was asked for nobody", name)
		}
	}
}

// A proxy on this machine that says nothing of for whom it asks, as nginx does from 1.29.7 on.
func TestWhereReadersComeFromElsewhereNobodySeesThePageWithoutAPassword(t *testing.T) {
	w := newWard(t)
	w.Proxied = true
	if got := w.ask(nil); got.Code != http.StatusForbidden || strings.Contains(got.Body.String(), "weekly-own") || !strings.Contains(got.Body.String(), "web.base_url") || w.asked > 0 {
		t.Errorf("without a password: %d, the ledger asked %d times\n%s", got.Code, w.asked, got.Body)
	}
	w.Username, w.Password = "ops", "geheim"
	if got := w.ask(func(r *http.Request) { r.SetBasicAuth("ops", "geheim") }); got.Code != http.StatusOK {
		t.Errorf("with it: %d", got.Code)
	}
}

func TestWithAPasswordThePageAsksEverybody(t *testing.T) {
	as := func(user, password string) func(*http.Request) {
		return func(r *http.Request) {
			r.RemoteAddr, r.Host = "10.0.0.8:50123", "drumbeat.example.com"
			r.Header.Set("X-Forwarded-For", "10.0.0.9")
			if user != "" {
				r.SetBasicAuth(user, password)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"nobody, on this machine too": {nil, 401}, "nobody": {as("", ""), 401}, "a wrong password": {as("ops", "geheim2"), 401}, "an empty one": {as("ops", ""), 401},
		"a wrong name": {as("op", "geheim"), 401}, "the right ones": {as("ops", "geheim"), 200},
	} {
		w := newWard(t)
		w.Username, w.Password = "ops", "geheim"
		got := w.ask(c.change)
		if got.Code != c.want || (got.Code == 200) != strings.Contains(got.Body.String(), "weekly-own") || (got.Code == 401) != (got.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d, want %d, %v", name, got.Code, c.want, got.Header())
		}
	}
}

func TestThePageIsAtTheRootAndOnlyToBeRead(t *testing.T) {
	w, h := newWard(t), newHouse(t)
	h.Status = w.Handler()
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/status", 200}, {"HEAD", "/status", 200}, {"POST", "/status", 405}, {"PUT", "/status", 405}, {"OPTIONS", "/status", 405}, {"DELETE", "/status", 405},
		{"GET", "/", 303}, {"GET", "/status/", 404}, {"GET", "/status/x", 404}, {"GET", "/mails/status", 404}, {"GET", "/mails/", 404},
	} {
		r := httptest.NewRequest(c.method, "http://localhost:8080"+c.path, nil)
		r.RemoteAddr = "127.0.0.1:50123"
		got := httptest.NewRecorder()
		h.Handler().ServeHTTP(got, r)
		if got.Code != c.want || (c.want == 405) != (got.Header().Get("Allow") == "GET, HEAD") {
			t.Errorf("%s %s: %d, want %d, %v", c.method, c.path, got.Code, c.want, got.Header())
		}
	}
	if got := h.get("/"); got.Code != http.StatusNotFound { // a reader's browser
		t.Errorf("the root for readers: %d", got.Code)
	}
}

// A ledger that says nothing, and a driver that does not even let go of it, cost three seconds and not the page.
func TestThePageDoesNotWaitForASilentLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t)
		w.Status.Now = func() time.Time { return onCall.Add(time.Since(began2000)) } // the question that hangs asks the clock too
		w.see()
		hang := make(chan struct{})
		w.Status.Ledger = overseen(func() (*ledger.Overview, error) { <-hang; return nil, errors.New("the line is dead") })
		time.Sleep(time.Minute)
		began := time.Now()
		for range 2 { // the second does not wait for what the first has just met
			page := w.see()
			wants(t, page, "1 thing needs you", "The state database does not answer, or takes too long", "no answer within 3 seconds", "last answered on Mon 30 Nov, 09:31 CET, 63 seconds ago", "41 sent")
		}
		if took := time.Since(began); took != patience {
			t.Errorf("it took %s", took)
		}
		time.Sleep(time.Minute) // it is still asked, and not asked twice
		w.see()
		close(hang)
		synctest.Wait()
		w.Status.Ledger = w
		time.Sleep(time.Minute)
		wants(t, w.see(), "All is well")
	})
}

// One that is slow is not one that is dead: what it said too late is told to the next who looks.
func TestALateAnswerOfTheLedgerIsForTheNextLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t)
		w.Status.Now = func() time.Time { return onCall.Add(time.Since(began2000)) }
		w.Status.Ledger = slow(func(ctx context.Context) (*ledger.Overview, error) {
			select {
			case <-time.After(4 * time.Second):
				return w.Overview(ctx, 0, time.Time{})
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		wants(t, w.see(), "takes too long")
		time.Sleep(2 * time.Second)
		wants(t, w.see(), "All is well")
	})
}

// began2000 is when a bubble's time begins.
var began2000 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

type slow func(context.Context) (*ledger.Overview, error)

func (s slow) Overview(ctx context.Context, _ int, _ time.Time) (*ledger.Overview, error) {
	return s(ctx)
}

type overseen func() (*ledger.Overview, error)

func (o overseen) Overview(context.Context, int, time.Time) (*ledger.Overview, error) { return o() }

// The config is taken again while the ledger is away: what was known is still known.
func TestWhatTheLedgerSaidOutlivesAReload(t *testing.T) {
	w := newWard(t)
	w.see()
	w.silent, w.at = errors.New("refused"), onCall.Add(time.Hour)
	next := *w.Status
	w.Status = &next
	wants(t, w.see(), "What is said of digests and runs is old: the state database last answered on Mon 30 Nov, 09:31 CET, 60 minutes ago.", "41 sent")
}

func TestThePageIsReadTwiceInAMomentAndTheLedgerOnce(t *testing.T) {
	w := newWard(t)
	for range 5 {
		w.see()
	}
	if w.asked != 1 {
		t.Errorf("it was asked %d times", w.asked)
	}
}

// wants says what is missing on a page.
func wants(t *testing.T, page string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
}

// docs/alerts.yml wakes somebody when the page says that something needs them.
func TestThePageHasTheThresholdsOfTheAlerts(t *testing.T) {
	text, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr, For string }
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	got := map[string]time.Duration{}
	limit := regexp.MustCompile(`> (?:(\d+) \* )?(\d+)$`)
	for _, r := range file.Groups[0].Rules {
		if m := limit.FindStringSubmatch(r.Expr); m != nil && m[2] != "0" {
			times := 1
			if m[1] != "" {
				times, _ = strconv.Atoi(m[1])
			}
			seconds, _ := strconv.Atoi(m[2])
			got[r.Alert] = time.Duration(times*seconds) * time.Second
		} else if r.For != "" {
			if got[r.Alert], err = time.ParseDuration(r.For); err != nil {
				t.Fatal(err)
			}
		}
	}
	for alert, want := range map[string]time.Duration{"DrumbeatScheduleOverdue": overdueAfter, "DrumbeatAdminScheduleOverdue": adminOverdueAfter, "DrumbeatPendingTooLong": waitsTooLong,
		"DrumbeatSendingTooLong": waitsTooLong, "DrumbeatRelayFails": relayFailsFor, "DrumbeatSourceStale": staleAfter} {
		if got[alert] != want {
			t.Errorf("%s: %s there, %s on the page", alert, got[alert], want)
		}
	}
}
