package worker

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
)

func TestVitalsTellOfTheRelayAndTheSource(t *testing.T) {
	k := newKit(t, monday, "")
	if v := k.Vitals(); v.RelayFailures != 0 || len(v.SourceAge) != 0 {
		t.Errorf("before anything ran: %+v", v)
	}
	k.relay.down = errors.New("connection refused")
	k.do(Job{Schedule: k.schedule("team")})
	v := k.Vitals()
	if v.RelayFailures == 0 {
		t.Error("the relay is down, and nobody notes it")
	}
	if v.RelayWords != "connection refused" || v.RelaySince.IsZero() {
		t.Errorf("it says %q, since %s", v.RelayWords, v.RelaySince)
	}
	if age, ok := v.SourceAge["team"]; !ok || age < 0 || age > 14*24*time.Hour || len(v.SourceAge) != 1 {
		t.Errorf("the sample is fresh: %v", v.SourceAge)
	}
	before := v
	k.do(Job{Schedule: k.schedule("team")})
	if v := k.Vitals(); v.RelayFailures <= before.RelayFailures || !v.RelaySince.Equal(before.RelaySince) {
		t.Errorf("%+v, and then %+v", before, v)
	}
	k.relay.down = nil
	k.relay.answers(func(string, int) smtp.Result {
		return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no such user"}
	})
	k.do(Job{Schedule: k.schedule("team")})
	if v := k.Vitals(); v.RelayFailures != 0 || v.RelayWords != "" {
		t.Errorf("it refuses one mail, and works: %d failures", v.RelayFailures)
	}
}

// fakeMeter counts by what it is told.
type fakeMeter struct {
	mu     sync.Mutex
	counts map[string]int
	took   map[string]time.Duration // the last one's
}

func (m *fakeMeter) add(what string, n int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts[what] += n; m.counts[what] == 0 {
		delete(m.counts, what)
	}
	m.took[what] = took
}

func (m *fakeMeter) Planned(schedule string, took time.Duration) { m.add(schedule+" planned", 1, took) }
func (m *fakeMeter) Digests(schedule, outcome string, n int)     { m.add(schedule+" "+outcome, n, 0) }
func (m *fakeMeter) Delivered(took time.Duration)                { m.add("delivered", 1, took) }
func (m *fakeMeter) Ended(schedule, outcome string, took time.Duration) {
	m.add(schedule+" "+outcome+" run", 1, took)
}

// What is counted is what the ledger says at the end: each digest once, whatever became of it, and each run.
func TestWhatHappensIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 2)
		k := newKit(t, monday.AddDate(0, 0, 3), `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1", catch_up: none, skip_empty: false}
  - {name: team, digest: manager, cron: "0 7 * * 1", skip_empty: false}
  - {name: ops, digest: admin, cron: "30 7 * * 1", recipients: {addresses: [ops@example.com]}}
`)
		meter := &fakeMeter{counts: map[string]int{}, took: map[string]time.Duration{}}
		k.Process = &Process{Meter: meter}
		for _, s := range k.Config.Schedules {
			if err := k.ledger.SetLastDue(context.Background(), s.Name, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		reps := 0
		k.source.people(func(r *pipeline.Rep) {
			if reps++; r.ManagerID == "" && reps%2 == 0 {
				r.Email = "" // skipped
			}
		})
		var mu sync.Mutex // digests are made side by side
		broken := ""
		k.Render = func(d *digest.Digest) (render.Content, error) {
			mu.Lock()
			if broken == "" && d.Kind == digest.Rep {
				broken = d.Recipient.ID
			}
			fails := d.Kind == digest.Rep && broken == d.Recipient.ID
			mu.Unlock()
			if fails {
				return render.Content{}, errors.New("a template")
			}
			return render.Render(d)
		}
		refused := ""
		k.Config.Mail.Connections = 1 // a relay that thinks keeps its lock
		k.relay.answers(func(to string, try int) smtp.Result {
			time.Sleep(2 * time.Second)
			switch {
			case to != "ops@example.com" && (refused == "" || refused == to):
				refused = to
				return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no"}
			case try == 1:
				return smtp.Result{Outcome: smtp.Temporary, Reply: "450 later"}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		})
		time.Sleep(time.Until(monday.Add(7*time.Hour - time.Minute)))
		k.serveUntil(monday.Add(9 * time.Hour))

		want := map[string]int{"own planned": 1, "team planned": 1, "own partial run": 1, "ops planned": meter.counts["ops planned"], "ops ok run": 1}
		if teamLost, _ := k.ledger.Lost(context.Background(), "team", monday.Format(time.DateOnly)); teamLost > 0 {
			want["team partial run"] = 1
		} else {
			want["team ok run"] = 1
		}
		for _, row := range k.rows(ledger.Filter{}) {
			want[row.Schedule+" "+string(row.State)]++
			if row.MessageID != "" {
				want["delivered"] += row.Attempts
			}
		}
		if !maps.Equal(meter.counts, want) || want["own failed"] == 0 || want["own sent"] == 0 || want["ops planned"] == 0 {
			t.Errorf("counted %v, want %v", meter.counts, want)
		}
		if meter.took["delivered"] != 2*time.Second || meter.took["own partial run"] < 4*time.Second {
			t.Errorf("it took %v", meter.took)
		}
		// Two weeks later: one tick was missed.
		k.relay.answers(nil)
		time.Sleep(time.Until(monday.AddDate(0, 0, 9)))
		k.serveUntil(time.Now().Add(time.Minute))
		if meter.counts["own missed run"] != 1 || meter.counts["team ok run"] != want["team ok run"]+1 {
			t.Errorf("then counted %v\n%s", meter.counts, strings.TrimSpace(k.logs.String()))
		}
		_ = k.ledger.Close()
	})
}

// Whoever is on call reads why digests are not made, since when, and nothing that opens a door.
func TestVitalsTellWhatKeepsDigestsFromBeingMade(t *testing.T) {
	serving(t, strings.Replace(daily, "0 9 * * *", "0 9 1 12 *", 1), nil, func(t *testing.T, k *kit) {
		k.Config.Source.DSN = "postgres://crm:hunter2@db/crm"
		k.pass(time.Hour)
		if v := k.Vitals(); len(v.Hindered) > 0 {
			t.Fatalf("all is well, but %v", v.Hindered)
		}
		began := time.Now()
		k.source.breaks(errors.New("connect postgres://crm:hunter2@db/crm as ada@example.com: refused"))
		k.pass(24 * time.Hour)
		h := k.Vitals().Hindered["own"]
		if got := h.Since.Sub(began); h.Held || h.Setup || !strings.HasSuffix(h.Words, "connect [redacted] as [address]: refused") ||
			got < 23*time.Hour || got > 24*time.Hour {
			t.Errorf("out of reach: %+v, %s after it broke", h, got)
		}
		since := h.Since
		k.source.breaks(nil)
		k.source.loses(2)
		k.pass(time.Minute)
		if h := k.Vitals().Hindered["own"]; !h.Held || !h.Since.Equal(since) || !strings.Contains(h.Words, "far fewer rows") {
			t.Errorf("half loaded: %+v", h)
		}
		k.pass(2 * time.Minute) // between two looks at the data
		if h := k.Vitals().Hindered["own"]; !h.Held {
			t.Errorf("half loaded, and not looked at just now: %+v", h)
		}
		k.source.loses(0)
		k.pass(10 * time.Minute)
		if v := k.Vitals(); len(v.Hindered) > 0 {
			t.Errorf("it was made, but %v", v.Hindered)
		}
	})
}

// An address goes; the server that does not answer stays, or nobody could look for it.
func TestPlainWordsStillNameTheServer(t *testing.T) {
	w := &Worker{Config: &config.Config{}}
	for words, want := range map[string]string{
		"connect to postgres://crm@db.example.com:5432/crm: refused":         "connect to postgres://[redacted] at db.example.com:5432/crm: refused",
		"connect to postgres://crm:hunter2@db.example.com:5432/crm: refused": "connect to postgres://[redacted] at db.example.com:5432/crm: refused",
		"550 no such user <ada@example.com>":                                 "550 no such user <[address]>",
	} {
		if got := w.Plain(words); got != want {
			t.Errorf("%q is told as %q, want %q", words, got, want)
		}
	}
}
