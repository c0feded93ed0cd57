package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
)

// watchedHouse has a ledger in which one delivery is pending for two hours, one for the next hour to come, one is
// sending, one unknown and one sent, of the schedule weekly, which has been planned up to its last Monday; the Monday before
// went well.
func watchedHouse(t *testing.T) (*Metrics, *ledger.Ledger) {
	t.Helper()
	clock := now.Add(-2 * time.Hour)
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "state.db"), ledger.WithClock(func() time.Time { return clock }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	claim := func() *ledger.Delivery {
		d, err := l.Claim(t.Context(), ledger.Claim{Owner: "test", Lease: 24 * time.Hour})
		if err != nil || d == nil {
			t.Fatal(d, err)
		}
		return d
	}
	mark := func(d *ledger.Delivery, s ledger.State) {
		if err := l.Mark(t.Context(), d, ledger.Result{State: s}); err != nil {
			t.Fatal(err)
		}
	}
	plan := func(period string, due time.Time, planned ...ledger.Delivery) {
		run := ledger.Run{Schedule: "weekly", Period: period, AsOf: due, AdvanceTo: due}
		if _, err := l.Plan(t.Context(), run, planned); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(period string) {
		if err := l.FinishRun(t.Context(), "weekly", period); err != nil {
			t.Fatal(err)
		}
	}
	plan("2026-11-02", sentOn.AddDate(0, 0, -7), ledger.Delivery{Key: ledger.Key{Recipient: "r1@example.com", RepID: "r1"}, MessageID: "before", Body: []byte("mail")})
	mark(claim(), ledger.Sent)
	finish("2026-11-02")
	var planned []ledger.Delivery
	for _, rep := range []string{"r1", "r2", "r3", "r4", "r5"} {
		planned = append(planned, ledger.Delivery{Key: ledger.Key{Recipient: rep + "@example.com", RepID: rep}, MessageID: rep, Body: []byte("mail")})
	}
	planned[3].NotBefore = now.Add(-100 * time.Minute) // after those that are claimed here
	planned[4].NotBefore = now.Add(time.Hour)
	plan("2026-11-09", sentOn, planned...)
	mark(claim(), ledger.Sent)
	clock = now.Add(-90 * time.Minute)
	mark(claim(), ledger.Unknown)
	clock = now.Add(-30 * time.Minute)
	claim()
	finish("2026-11-09")
	clock = now
	return &Metrics{Ledger: l, Commit: "c0ffee", Config: func() string { return "v1" }, Reload: func() (bool, time.Time) { return true, time.Unix(1700000000, 0) }, Environment: "production",
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Counts: NewCounts(),
		Schedules: func() []Clockwork {
			weekly := func(after time.Time) time.Time { return sentOn.Add(7 * 24 * time.Hour) }
			return []Clockwork{{"weekly", "rep", weekly, true}, {"new", "manager", weekly, false}}
		},
		Vital: func() Vital {
			return Vital{RelayFailures: 3, SourceAge: map[string]time.Duration{"weekly": 5 * time.Hour}}
		}}, l
}

// scrape gives every series of an answer by its name and labels, without those of the process itself.
func scrape(t *testing.T, body io.Reader) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for lines := bufio.NewScanner(body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "process_") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out[line[:i]] = v
	}
	return out
}

func TestMetricsTellHowThingsStand(t *testing.T) {
	m, _ := watchedHouse(t)
	site := &Site{Metrics: m.Handler(), Log: m.Log}
	server := httptest.NewServer(site.Handler())
	defer server.Close()
	answer, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	got := scrape(t, strings.NewReader(string(text)))
	for build := range got {
		if strings.HasPrefix(build, "drumbeat_build_info{") && strings.Contains(build, `commit="c0ffee",environment="production",go="go1.`) {
			delete(got, build)
		}
	}
	counted := 0
	maps.DeleteFunc(got, func(name string, v float64) bool { // what is counted has a test of its own
		count := strings.Contains(name, "_total{") || strings.Contains(name, "_duration_seconds_")
		if count {
			counted++
		}
		return count && v == 0
	})
	if counted == 0 {
		t.Error("nothing is counted")
	}
	last, next := float64(sentOn.Unix()), float64(sentOn.Unix()+7*86400)
	want := map[string]float64{
		`drumbeat_config_reload_failed`:                                                     1,
		`drumbeat_config_reload_timestamp_seconds`:                                          1700000000,
		`drumbeat_deliveries{state="pending"}`:                                              2,
		`drumbeat_deliveries{state="sending"}`:                                              1,
		`drumbeat_deliveries{state="sent"}`:                                                 2,
		`drumbeat_deliveries{state="failed"}`:                                               0,
		`drumbeat_deliveries{state="unknown"}`:                                              1,
		`drumbeat_deliveries{state="skipped"}`:                                              0,
		`drumbeat_oldest_delivery_seconds{state="pending"}`:                                 100 * 60,
		`drumbeat_oldest_delivery_seconds{state="sending"}`:                                 30 * 60,
		`drumbeat_oldest_delivery_seconds{state="unknown"}`:                                 90 * 60,
		`drumbeat_schedule_last_due_timestamp_seconds{digest="rep",schedule="weekly"}`:      last,
		`drumbeat_schedule_next_due_timestamp_seconds{digest="rep",schedule="weekly"}`:      next,
		`drumbeat_schedule_last_finished_timestamp_seconds{digest="rep",schedule="weekly"}`: float64(now.Unix() - 30*60),
		`drumbeat_schedule_last_success_timestamp_seconds{digest="rep",schedule="weekly"}`:  float64(now.Unix() - 2*3600),
		`drumbeat_config_info{config="v1"}`:                                                 1,
		`drumbeat_relay_failures`:                                                           3,
		`drumbeat_source_age_seconds{schedule="weekly"}`:                                    5 * 3600,
		`drumbeat_ledger_up`:                                                                1,
		`drumbeat_ledger_read_timestamp_seconds`:                                            float64(now.Unix()),
	}
	if !maps.Equal(got, want) {
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if v, ok := got[name]; !ok || v != want[name] {
				t.Errorf("%s: %v (there: %t), want %v", name, v, ok, want[name])
			}
			delete(got, name)
		}
		t.Errorf("beside them %v", got)
	}
	if strings.Contains(string(text), "@") || !strings.Contains(string(text), "\nprocess_start_time_seconds ") {
		t.Errorf("an address, or no process, in\n%s", text)
	}
}

func TestMetricsAreAtTheRootAloneAndAskForTheName(t *testing.T) {
	h := newHouse(t)
	if w := h.get("/metrics"); w.Code != http.StatusNotFound {
		t.Errorf("a site without metrics: %d", w.Code)
	}
	m, _ := watchedHouse(t)
	h.Metrics = m.Handler()
	for path, want := range map[string]int{"/metrics": http.StatusOK, "/mails/metrics": http.StatusNotFound, "/metrics/x": http.StatusNotFound} {
		if w := h.get(path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	m.Username, m.Password = "ops", "pa ss"
	for _, c := range []struct {
		name, user, password string
		want                 int
	}{{"nobody", "", "", 401}, {"a wrong password", "ops", "pass", 401}, {"a wrong name", "op", "pa ss", 401}, {"the right ones", "ops", "pa ss", 200}} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil)
		if c.user != "" {
			r.SetBasicAuth(c.user, c.password)
		}
		h.Handler().ServeHTTP(w, r)
		if w.Code != c.want || (w.Code == 200) != strings.Contains(w.Body.String(), "drumbeat_") {
			t.Errorf("%s: %d\n%s", c.name, w.Code, w.Body)
		}
	}
	if w := h.get("/healthz"); w.Code != http.StatusOK {
		t.Errorf("/healthz asks too: %d", w.Code)
	}
}

// moodyLedger counts how often it is asked, and answers as its mood is.
type moodyLedger struct {
	*ledger.Ledger
	asked  int
	broken error
	silent bool
}

func (l *moodyLedger) Standings(ctx context.Context, f ledger.Filter) (map[ledger.State]ledger.Standing, error) {
	l.asked++
	if l.silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if l.broken != nil {
		return nil, l.broken
	}
	return l.Ledger.Standings(ctx, f)
}

func TestMetricsOutliveTheLedger(t *testing.T) {
	m, l := watchedHouse(t)
	moody := &moodyLedger{Ledger: l, broken: errors.New("connection refused")}
	at := now
	m.Ledger, m.Now = moody, func() time.Time { return at }
	look := func() map[string]float64 {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return scrape(t, w.Body)
	}
	said := func(got map[string]float64) bool { // by the ledger
		for name := range got {
			if strings.HasPrefix(name, "drumbeat_deliveries") || strings.HasPrefix(name, "drumbeat_oldest") ||
				strings.HasPrefix(name, "drumbeat_schedule") || strings.HasPrefix(name, "drumbeat_ledger_read") {
				return true
			}
		}
		return false
	}
	const pending = `drumbeat_oldest_delivery_seconds{state="pending"}`
	if got := look(); got["drumbeat_ledger_up"] != 0 || got["drumbeat_relay_failures"] != 3 || len(got) == 0 || said(got) {
		t.Errorf("before it ever answered: %v", got)
	}
	moody.broken, at = nil, now.Add(10*time.Second)
	for range 3 {
		if got := look(); got["drumbeat_ledger_up"] != 1 || got[pending] != 6000 {
			t.Errorf("it answers: %v", got)
		}
	}
	if moody.asked != 2 {
		t.Errorf("it was asked %d times in two moments", moody.asked)
	}
	moody.broken, at = errors.New("connection refused"), now.Add(310*time.Second)
	if got := look(); got["drumbeat_ledger_up"] != 0 || got[pending] != 6300 || got["drumbeat_ledger_read_timestamp_seconds"] != float64(now.Unix()+10) {
		t.Errorf("it is gone for five minutes: %v", got)
	}
}

func TestMetricsDoNotWaitForASilentLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &Metrics{Ledger: &moodyLedger{silent: true}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		began := time.Now()
		if r := m.read(); r.err == nil || time.Since(began) > 5*time.Second {
			t.Errorf("%v after %s", r.err, time.Since(began))
		}
		time.Sleep(letGo) // the question itself ends too
	})
}
