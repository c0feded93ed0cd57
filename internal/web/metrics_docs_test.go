package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"drumbeat/internal/ledger"
)

// What promtool check metrics would say, beside what each name says of its unit.
func TestMetricsAreNamedAsPrometheusLikesThem(t *testing.T) {
	m, _ := watchedHouse(t)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	problems, err := promlint.New(w.Body).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// The table in docs/operations.md knows every metric, and no other.
func TestTheTableOfMetricsIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Metrics\n")
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string]bool{}
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, name := range regexp.MustCompile("`(drumbeat_\\w+)").FindAllStringSubmatch(cells[1], -1) {
				told[name[1]] = true
			}
		}
	}
	m, _ := watchedHouse(t)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	exported := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^# TYPE (drumbeat_\w+) `).FindAllStringSubmatch(w.Body.String(), -1) {
		exported[name[1]] = true
	}
	for name := range maps.Keys(told) {
		if !exported[name] {
			t.Errorf("docs/operations.md tells of %s, which is not there", name)
		}
	}
	for name := range maps.Keys(exported) {
		if !told[name] {
			t.Errorf("docs/operations.md does not tell of %s", name)
		}
	}
	if len(exported) < 20 {
		t.Errorf("only %d metrics are seen", len(exported))
	}
}

// What the example of alert rules speaks of is there.
func TestTheAlertRulesKnowOurMetrics(t *testing.T) {
	text, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Labels           map[string]string
				Annotations      struct{ Summary, Description string }
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	m, _ := watchedHouse(t)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	exported := map[string]bool{"up": true} // Prometheus' own
	for series := range scrape(t, w.Body) {
		name, _, _ := strings.Cut(series, "{")
		exported[name] = true
	}
	outcomes := map[string][]string{"drumbeat_runs_total": runOutcomes, "drumbeat_digests_total": digestOutcomes, "drumbeat_pings_total": pingOutcomes}
	asked := regexp.MustCompile(`(drumbeat_\w+)\{outcome=~?"([^"]*)"`)
	names, states := regexp.MustCompile(`\b(drumbeat_\w+|up)\b`), regexp.MustCompile(`state="(\w*)"`)
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if seen[r.Alert] || r.Expr == "" || r.Annotations.Summary == "" || r.Annotations.Description == "" || r.Labels["severity"] == "" {
				t.Errorf("alert %q: twice, or something is missing", r.Alert)
			}
			seen[r.Alert] = true
			if !names.MatchString(r.Expr) {
				t.Errorf("%s asks for no metric: %s", r.Alert, r.Expr)
			}
			for _, name := range names.FindAllString(r.Expr, -1) {
				if !exported[name] {
					t.Errorf("%s: there is no metric %s", r.Alert, name)
				}
			}
			for _, name := range regexp.MustCompile(`\bdrumbeat_\w+`).FindAllString(r.Annotations.Description, -1) {
				if !exported[name] {
					t.Errorf("%s tells of %s, which is not there", r.Alert, name)
				}
			}
			for _, a := range asked.FindAllStringSubmatch(r.Expr, -1) {
				for outcome := range strings.SplitSeq(a[2], "|") {
					if !slices.Contains(outcomes[a[1]], outcome) {
						t.Errorf("%s: %s has no outcome %q", r.Alert, a[1], outcome)
					}
				}
			}
			for _, s := range states.FindAllStringSubmatch(r.Expr, -1) {
				if !slices.Contains(ledger.States, ledger.State(s[1])) {
					t.Errorf("%s: there is no state %s", r.Alert, s[1])
				}
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %d alerts", len(seen))
	}
}
