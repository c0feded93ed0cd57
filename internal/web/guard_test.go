package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect, "PROPFIND"}

// guarded says what an answer lacks of what each has, whatever became of the request.
func guarded(t *testing.T, what string, got *httptest.ResponseRecorder) {
	t.Helper()
	for name, want := range map[string]string{"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive", "X-Content-Type-Options": "nosniff"} {
		if all := got.Header().Values(name); len(all) != 1 || all[0] != want {
			t.Errorf("%s: %s is %q, want %q", what, name, all, want)
		}
	}
	policy := got.Header().Values("Content-Security-Policy")
	if len(policy) != 1 || !strings.HasPrefix(policy[0], "default-src 'none';") || !strings.Contains(policy[0], "frame-ancestors 'none'") || strings.Contains(policy[0], "script") {
		t.Errorf("%s: policy %q", what, policy)
	}
	for _, name := range []string{"Etag", "Last-Modified", "Expires", "Set-Cookie", "Access-Control-Allow-Origin"} {
		if v := got.Header().Get(name); v != "" {
			t.Errorf("%s: %s is %q", what, name, v)
		}
	}
	if got.Body.Len() > 0 && got.Header().Get("Content-Type") == "" {
		t.Errorf("%s: a body of no type", what)
	}
}

// Every path with every method, well and while the ledger is away: the status is the right one, and no answer, of an error
// neither, is kept, found, framed or told of.
func TestEveryAnswerIsGuarded(t *testing.T) {
	for name, silent := range map[string]bool{"well": false, "the ledger is away": true} {
		t.Run(name, func(t *testing.T) {
			h, w := newHouse(t), newWard(t)
			h.Status, h.Metrics = w.Handler(), (&Metrics{Ledger: h.ledger, Schedules: func() []Clockwork { return nil }, Vital: func() Vital { return Vital{} }, Counts: NewCounts(),
				Config: func() string { return "" }, Reload: func() (bool, time.Time) { return false, time.Time{} }, Now: h.Now, Log: h.Log}).Handler()
			view, stop := path(t, h.Links.View(h.ids["r01"], sentOn)), path(t, h.Links.Stop(h.ids["r01"], sentOn))
			away := func(well int) int { return well }
			if silent {
				h.Archive, w.silent = gone{h.Archive}, errSilence
				away = func(int) int { return http.StatusServiceUnavailable }
			}
			none := map[string]int{"": http.StatusMethodNotAllowed, http.MethodGet: http.StatusNotFound, http.MethodHead: http.StatusNotFound}
			get := func(status int) map[string]int {
				return map[string]int{"": http.StatusMethodNotAllowed, http.MethodGet: status, http.MethodHead: status}
			}
			for at, want := range map[string]map[string]int{
				"/": {"": http.StatusMethodNotAllowed, http.MethodGet: http.StatusSeeOther, http.MethodHead: http.StatusSeeOther}, "/healthz": get(200), "/readyz": get(away(200)), "/metrics": get(200), "/status": get(200), "/how": get(200), "/mails/how": get(200),
				view: get(away(200)), strings.TrimPrefix(view, "/mails"): get(away(200)), view + "x": get(404), "/view/x": get(404),
				stop:      {"": http.StatusMethodNotAllowed, http.MethodGet: away(200), http.MethodHead: away(200), http.MethodPost: away(400)},
				"/stop/x": {"": http.StatusMethodNotAllowed, http.MethodGet: 404, http.MethodHead: 404, http.MethodPost: 404},
				"/view/":  none, "/view": none, "/nothing": none, "/mails": none, "/mails/status": none, "/mails/metrics": none, "/status/": none, "/favicon.ico": none, "/.env": none, "/view/%2e%2e%2fstatus": get(404),
			} {
				for _, method := range methods {
					r := httptest.NewRequest(method, "http://localhost:8080"+at, nil)
					r.RemoteAddr = "127.0.0.1:50123"
					got := httptest.NewRecorder()
					h.Handler().ServeHTTP(got, r)
					status, special := want[method]
					if !special {
						status = want[""]
					}
					if got.Code != status {
						t.Errorf("%s %s: %d, want %d", method, at, got.Code, status)
					}
					if got.Code == http.StatusMethodNotAllowed && got.Header().Get("Allow") == "" {
						t.Errorf("%s %s: what is allowed is not said", method, at)
					}
					if body := got.Body.String(); at != "/status" && strings.Contains(body, errSilence.Error()) || got.Code >= 400 && strings.Contains(body, "r01") {
						t.Errorf("%s %s tells:\n%s", method, at, body)
					}
					guarded(t, method+" "+at, got)
				}
			}
			if h.optedOut("r01", "rep") {
				t.Error("somebody was unsubscribed")
			}
		})
	}
}

var errSilence = errors.New("10.0.0.7:5432 is away")

// gone is an archive whose database does not answer.
type gone struct{ Archive }

func (gone) Find(_ context.Context, _ string) (*ledger.Delivery, error) {
	return nil, errSilence
}
func (gone) Reachable(context.Context) error { return errSilence }

// What is more than a form's answer is not read to its end.
func TestAPostOfTooMuchIsRefused(t *testing.T) {
	h := newHouse(t)
	read := 0
	r := httptest.NewRequest(http.MethodPost, path(t, h.Links.Stop(h.ids["r01"], sentOn)), io.TeeReader(io.LimitReader(endless{}, 1<<30), counter{&read}))
	r.Header.Set("Content-Type", form)
	got := httptest.NewRecorder()
	h.Handler().ServeHTTP(got, r)
	if got.Code != http.StatusBadRequest || read > 1<<20 || h.optedOut("r01", "rep") {
		t.Errorf("%d after %d bytes", got.Code, read)
	}
	guarded(t, "too much", got)
}

// endless is a form that never ends and would unsubscribe.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat("do=stop&", len(p)/8+1)), nil
}

type counter struct{ n *int }

func (c counter) Write(p []byte) (int, error) { *c.n += len(p); return len(p), nil }
