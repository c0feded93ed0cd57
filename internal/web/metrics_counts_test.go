package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWhatIsCountedBeginsAtZeroAndOutlivesAReload(t *testing.T) {
	m, l := watchedHouse(t)
	look := func(m *Metrics) map[string]float64 {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return scrape(t, w.Body)
	}
	got := look(m)
	for _, schedule := range []string{"weekly", "new"} {
		for _, series := range []string{`drumbeat_runs_total{outcome="ok",schedule="X"}`, `drumbeat_runs_total{outcome="partial",schedule="X"}`,
			`drumbeat_runs_total{outcome="failed",schedule="X"}`, `drumbeat_runs_total{outcome="missed",schedule="X"}`,
			`drumbeat_digests_total{outcome="sent",schedule="X"}`, `drumbeat_digests_total{outcome="failed",schedule="X"}`,
			`drumbeat_digests_total{outcome="unknown",schedule="X"}`, `drumbeat_digests_total{outcome="skipped",schedule="X"}`,
			`drumbeat_plan_duration_seconds_count{schedule="X"}`, `drumbeat_run_duration_seconds_count{schedule="X"}`,
			`drumbeat_pings_total{outcome="ok",schedule="X"}`, `drumbeat_pings_total{outcome="failed",schedule="X"}`} {
			name := strings.Replace(series, "\"X\"", "\""+schedule+"\"", 1)
			pinged := schedule == "weekly" || series[:14] != "drumbeat_pings"
			if v, ok := got[name]; v != 0 || ok != pinged {
				t.Errorf("%s: %v, there: %t", name, v, ok)
			}
		}
	}
	m.Counts.Planned("weekly", 4*time.Second)
	m.Counts.Digests("weekly", "sent", 3)
	m.Counts.Digests("weekly", "sent", 1)
	m.Counts.Digests("weekly", "failed", 2)
	m.Counts.Delivered(30 * time.Millisecond)
	m.Counts.Ended("weekly", "partial", time.Minute)
	m.Counts.Ended("weekly", "missed", 0)
	m.Counts.Pinged("weekly", nil)
	m.Counts.Pinged("weekly", errors.New("no answer in time"))
	after := &Metrics{Ledger: l, Counts: m.Counts, Schedules: m.Schedules, Vital: m.Vital, Config: func() string { return "v2" }, Reload: m.Reload, Now: m.Now, Log: m.Log}
	got = look(after)
	for name, want := range map[string]float64{
		`drumbeat_plan_duration_seconds_sum{schedule="weekly"}`:             4,
		`drumbeat_plan_duration_seconds_bucket{schedule="weekly",le="5"}`:   1,
		`drumbeat_plan_duration_seconds_bucket{schedule="weekly",le="2.5"}`: 0,
		`drumbeat_digests_total{outcome="sent",schedule="weekly"}`:          4,
		`drumbeat_digests_total{outcome="failed",schedule="weekly"}`:        2,
		`drumbeat_digests_total{outcome="sent",schedule="new"}`:             0,
		`drumbeat_delivery_duration_seconds_count`:                          1,
		`drumbeat_runs_total{outcome="partial",schedule="weekly"}`:          1,
		`drumbeat_runs_total{outcome="missed",schedule="weekly"}`:           1,
		`drumbeat_run_duration_seconds_sum{schedule="weekly"}`:              60,
		`drumbeat_run_duration_seconds_count{schedule="weekly"}`:            1, // one that was missed took no time
		`drumbeat_pings_total{outcome="ok",schedule="weekly"}`:              1,
		`drumbeat_pings_total{outcome="failed",schedule="weekly"}`:          1,
		`drumbeat_config_info{config="v2"}`:                                 1,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s: %v (there: %t), want %v", name, v, ok, want)
		}
	}
}
