package worker

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/sample"
	"drumbeat/internal/schedule"
)

// stage is a worker with a real ledger on a clock that a test sets. What its digests say does not matter.
type stage struct {
	*kit
	like   *config.Config // what the configs of a test differ from
	now    time.Time
	broken bool // no digest can be rendered
	server *server
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{kit: newKit(t, monday.AddDate(0, 0, 21), "")}
	s.like = s.Config
	few := map[string]bool{"R001": true, "R002": true, "R003": true, "R005": true, "R006": true, "R008": true, "R011": true}
	s.source.p = sample.Generate(sample.Options{Seed: 1, Reps: 12, Deals: 40, AsOf: monday.AddDate(0, 0, 21), Process: s.like.Process})
	s.source.p.Reps = slices.DeleteFunc(slices.Clone(s.source.p.Reps), func(r pipeline.Rep) bool { return !few[r.ID] })
	_ = s.ledger.Close()
	clock := func() time.Time { return s.now }
	var err error
	if s.ledger, err = ledger.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "state.db"), ledger.WithClock(clock)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.ledger.Close() })
	s.Worker = &Worker{Source: s.source, Ledger: s.ledger, Connect: s.relay.connect, Now: clock, Log: slog.New(slog.NewTextHandler(s.logs, nil)), Owner: "test",
		Render: func(*digest.Digest) (render.Content, error) {
			if s.broken {
				return render.Content{}, errGone
			}
			return render.Content{Subject: "s", HTML: "<p>h</p>", Text: "t"}, nil
		}}
	return s
}

// begins lets a config come into force, in a process that has run since then.
func (s *stage) begins(cfg *config.Config, since time.Time) {
	s.Worker = &Worker{Config: cfg, Source: s.source, Ledger: s.ledger, Connect: s.Connect, Now: s.Now, Log: s.Log, Owner: "test", Render: s.Render}
	s.server = s.newServer(since)
}

// serves really runs the worker from an instant up to, not including, another: it wakes at each tick, some seconds after
// each midnight, five minutes after it began, and every few hours.
func (s *stage) serves(from, until time.Time) {
	s.t.Helper()
	at := map[int64]bool{from.Unix(): true, from.Add(recheck).Unix(): true}
	for hour := from; hour.Before(until); hour = hour.Add(9 * time.Hour) {
		at[hour.Unix()] = true
	}
	for d := pipeline.DateOf(from, s.Config.Zone); d.Start(s.Config.Zone).Before(until); d++ {
		at[d.Start(s.Config.Zone).Unix()+20] = true
	}
	for _, sched := range s.Config.Schedules {
		for _, tick := range sched.Spec.Between(from.Add(-time.Nanosecond), until, sched.Zone) {
			at[tick.Unix()] = true
		}
	}
	for _, second := range slices.Sorted(maps.Keys(at)) {
		if s.now = time.Unix(second, 0).UTC(); s.now.Before(from) || !s.now.Before(until) {
			continue
		}
		s.server.reconcile(context.Background(), s.now)
		if err := s.newDispatch(ledger.Filter{}, time.Time{}).deliver(context.Background()); err != nil {
			s.t.Fatal(err)
		}
		if err := s.server.closeRounds(context.Background()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// digests are those of the week's periods in the ledger, as lines; admins' alarms are none.
func (s *stage) digests(from, until pipeline.Date) []string {
	var all []Foretold
	for _, row := range s.rows(ledger.Filter{}) {
		if day, err := pipeline.ParseDate(row.Period); err == nil && day >= from && day < until && row.Recipient+row.RepID != "" {
			all = append(all, Foretold{Key: row.Key, State: row.State, Reason: row.Reason})
		}
	}
	return lines(all)
}

func lines(all []Foretold) []string {
	var out []string
	for _, f := range all {
		out = append(out, fmt.Sprintf("%s %s %s %s goes: %t %s", f.Period, f.Schedule, f.RepID, f.Recipient, f.Goes(), f.Reason))
	}
	slices.Sort(out)
	return out
}

func differences(foretold, came []string) string {
	var b strings.Builder
	for _, line := range foretold {
		if !slices.Contains(came, line) {
			b.WriteString("foretold, and did not come: " + line + "\n")
		}
	}
	for _, line := range came {
		if !slices.Contains(foretold, line) {
			b.WriteString("came, and was not foretold: " + line + "\n")
		}
	}
	return b.String()
}

// draft is a config as a table or a dice writes it.
type draft struct {
	zone      string // of the config; empty: UTC
	schedules []string
	people    []pipeline.Person
}

// config makes one of a draft; each schedule is `name digest cron zone catch_up max_age teams`, with _ for spaces in cron.
func (d draft) config(t *testing.T, like *config.Config) *config.Config {
	t.Helper()
	load := func(name string) *time.Location {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return zone
	}
	cfg := *like
	cfg.Zone, cfg.People, cfg.Schedules = load(d.zone), d.people, nil
	for _, text := range d.schedules {
		f := strings.Fields(text)
		spec, err := schedule.Parse(strings.ReplaceAll(f[2], "_", " "))
		age, bad := time.ParseDuration(f[5])
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		s := config.Schedule{Name: f[0], Digest: f[1], Cron: spec.String(), Spec: spec, Zone: cfg.Zone, Window: pipeline.Week, Scope: "direct", CatchUp: f[4], MaxAge: age}
		if s.RecipientZone = f[3] == "recipient"; !s.RecipientZone && f[3] != "-" {
			s.Zone = load(f[3])
		}
		if len(f) > 6 {
			s.Recipients.Teams = strings.Split(f[6], ",")
		}
		cfg.Schedules = append(cfg.Schedules, s)
	}
	return &cfg
}

// trial plays one change twice: foretold, and then for real.
type trial struct {
	old, new  draft
	at        time.Time
	asked     time.Time // when it is foretold; zero: when the change is made
	restart   bool
	broken    bool // up to the change no digest can be rendered
	relayDown bool // up to the change no mail can be sent
}

// outcome are digests, as lines.
type outcome struct {
	before, after           []string // foretold to be if nothing changed, and if the change is made
	blindBefore, blindAfter []string // the same, foretold as if there were no ledger
	came                    []string
}

// play foretells and then makes the change.
func (c trial) play(t *testing.T) (o outcome) {
	t.Helper()
	s := newStage(t)
	old, next := c.old.config(t, s.like), c.new.config(t, s.like)
	began := monday.AddDate(0, 0, -10)
	asked := c.asked
	if asked.IsZero() {
		asked = c.at
	}
	s.begins(old, began)
	s.broken = c.broken
	if c.relayDown {
		s.relay.breaks(errGone)
	}
	s.serves(began, asked)
	day := pipeline.DateOf(c.at, next.Zone)
	from := day - pipeline.Date((day.Weekday()+6)%7)
	change := Change{Old: old, New: next, OldSource: s.source, NewSource: s.source, State: s.ledger, Now: asked, At: c.at, Restart: c.restart, From: from, Until: from + 7}
	foretell := func() (before, after []string) {
		b, a, err := change.Foretell(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return lines(b), lines(a)
	}
	o.before, o.after = foretell()
	change.State = nil
	o.blindBefore, o.blindAfter = foretell()
	s.serves(asked, c.at)
	since := began
	if c.restart {
		since = c.at
	}
	s.begins(next, since)
	s.broken = false
	s.relay.breaks(nil)
	s.serves(c.at, (from + 7).Start(next.Zone))
	o.came = s.digests(from, from+7)
	return o
}

var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Auckland"}
