package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

// series finds a metric's value; -1 where it is not there.
func series(t *testing.T, page, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(page)
	if m == nil {
		return -1
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// waitingSince makes a ledger in which one mail has been pending for three hours, one sending for two by a worker
// that is gone for good, and one unknown for a day.
func waitingSince(t *testing.T, dsn string) {
	t.Helper()
	clock := time.Now().Add(-24 * time.Hour)
	l, err := ledger.Open(t.Context(), dsn, ledger.WithClock(func() time.Time { return clock }))
	if err == nil {
		err = l.Guard(t.Context(), "demo")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	plan := func(period, rep string) {
		_, err := l.Plan(t.Context(), ledger.Run{Schedule: "weekly-own", Period: period, AsOf: clock}, []ledger.Delivery{{MessageID: rep,
			Key: ledger.Key{Recipient: rep + "@example.com", RepID: rep}, Kind: "rep", Body: []byte("Subject: x\r\n\r\nx\r\n")}})
		if err != nil {
			t.Fatal(err)
		}
	}
	claim := func() *ledger.Delivery {
		d, err := l.Claim(t.Context(), ledger.Claim{Owner: "gone", Lease: 1000 * time.Hour})
		if err != nil || d == nil {
			t.Fatal(d, err)
		}
		return d
	}
	plan("2026-05-04", "a")
	if err := l.Mark(t.Context(), claim(), ledger.Result{State: ledger.Unknown}); err != nil {
		t.Fatal(err)
	}
	clock = time.Now().Add(-2 * time.Hour)
	plan("2026-05-11", "b")
	claim()
	clock = time.Now().Add(-3 * time.Hour)
	plan("2026-05-18", "c")
}

// Fault 38.
func TestServeTellsPrometheusForHowLongMailsWait(t *testing.T) {
	t.Parallel()
	listen := freeAddress(t)
	dir, box := inHouse(t, "90d", "web: {listen: \""+listen+"\", auth: {username: ops, password: geheim}}\n")
	config := filepath.Join(dir, "drumbeat.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody listens there: what is pending stays so.
	gone := strings.Replace(string(text), "port: "+strconv.Itoa(box.Port()), "port: 1", 1)
	if err := os.WriteFile(config, []byte(gone), 0o600); err != nil {
		t.Fatal(err)
	}
	waitingSince(t, "sqlite:"+filepath.Join(dir, "state.db"))
	list := call(t, "ledger", "list", "--config", config)
	if !regexp.MustCompile(`\n\n1 pending for 3h 0m; 1 sending for 2h 0m; 1 unknown for 1d 0h\n$`).MatchString(list) {
		t.Errorf("ledger list:\n%s", list)
	}

	// Who looks only, sends nothing and writes nothing.
	before := call(t, "ledger", "list", "--config", config, "--format", "json")
	call(t, "run", "--config", config, "--as-of", "2026-06-01", "--out", filepath.Join(dir, "mails"))
	call(t, "plan", "--config", config)
	call(t, "check", "--config", config)
	if after := call(t, "ledger", "list", "--config", config, "--format", "json"); after != before || len(box.Messages()) > 0 {
		t.Errorf("%d mails; the ledger was\n%s\nand is\n%s", len(box.Messages()), before, after)
	}

	stop := background(t, "http://"+listen+"/readyz", "serve", "--config", config)
	if status, page := fetch(t, http.MethodGet, "http://"+listen+"/metrics", ""); status != http.StatusUnauthorized || strings.Contains(page, "drumbeat_") {
		t.Errorf("without the name and the password: %d\n%s", status, page)
	}
	var page string
	for end := time.Now().Add(time.Minute); series(t, page, "drumbeat_relay_failures") < 1 ||
		series(t, page, `drumbeat_schedule_last_due_timestamp_seconds{digest="rep",schedule="weekly-own"}`) < 0; time.Sleep(50 * time.Millisecond) {
		var status int
		status, page = fetch(t, http.MethodGet, "http://ops:geheim@"+listen+"/metrics", "")
		if status != http.StatusOK || time.Now().After(end) {
			t.Fatalf("%d\n%s", status, page)
		}
	}
	for name, atLeast := range map[string]float64{
		`drumbeat_deliveries{state="pending"}`:                                                  1,
		`drumbeat_oldest_delivery_seconds{state="pending"}`:                                     3 * 3600,
		`drumbeat_oldest_delivery_seconds{state="sending"}`:                                     2 * 3600,
		`drumbeat_oldest_delivery_seconds{state="unknown"}`:                                     24 * 3600,
		`drumbeat_ledger_up`:                                                                    1,
		`drumbeat_schedule_next_due_timestamp_seconds{digest="manager",schedule="weekly-team"}`: float64(time.Now().Unix()),
	} {
		if got := series(t, page, name); got < atLeast || strings.Contains(name, "oldest") && got > atLeast+600 {
			t.Errorf("%s: %v, want at least %v", name, got, atLeast)
		}
	}
	if !strings.Contains(page, `,environment="demo",`) || strings.Contains(page, "@") {
		t.Errorf("no build, or an address, in\n%s", page)
	}
	if status, said := stop(); status != exitDone {
		t.Errorf("exit status %d, log:\n%s", status, said)
	}
}
