package worker

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/sample"
	"drumbeat/internal/schedule"
)

// notebook is a ledger that only remembers what was planned, and refuses to hear it twice.
type notebook struct {
	Ledger
	due     time.Time
	made    []time.Time // the ticks of which there are digests
	digests map[string]map[ledger.Key]ledger.State
	twice   []ledger.Key
}

func (n *notebook) LastDue(context.Context, string) (time.Time, error) { return n.due, nil }
func (n *notebook) SetLastDue(_ context.Context, _ string, due time.Time) error {
	if due.After(n.due) {
		n.due = due
	}
	return nil
}
func (n *notebook) ClampLastDue(_ context.Context, _ string, latest time.Time) (bool, error) {
	n.due = latest
	return true, nil
}
func (n *notebook) OptOuts(context.Context, string) ([]string, error) { return nil, nil }
func (n *notebook) Waiting(context.Context, ledger.Filter) (ledger.Outstanding, error) {
	return ledger.Outstanding{}, nil
}
func (n *notebook) FinishRun(context.Context, string, string) error       { return nil }
func (n *notebook) Runs(context.Context, time.Time) ([]ledger.Run, error) { return nil, nil }
func (n *notebook) Known(_ context.Context, _, period string) (map[ledger.Key]ledger.State, error) {
	return n.digests[period], nil
}

func (n *notebook) PlanSeq(ctx context.Context, run ledger.Run, deliveries iter.Seq2[ledger.Delivery, error]) (added int, err error) {
	known := n.digests[run.Period]
	if known == nil {
		known = map[ledger.Key]ledger.State{}
		n.digests[run.Period] = known
	}
	for d, err := range deliveries {
		if err != nil {
			return 0, err
		}
		d.Schedule, d.Period = run.Schedule, run.Period
		if _, there := known[d.Key]; there {
			n.twice = append(n.twice, d.Key)
		}
		known[d.Key] = ledger.Pending
		added++
	}
	if added > 0 {
		n.made = append(n.made, run.Tick)
	}
	return added, n.SetLastDue(ctx, run.Schedule, run.AdvanceTo)
}

// clockwork is a cron spec in a zone as a person thinks of it.
type clockwork struct {
	minute int
	hours  []int
	days   []time.Weekday // empty: every day
	zone   *time.Location
	own    bool // the hour is each recipient's own: a day is planned when it begins
}

func (c clockwork) cron() string {
	text := fmt.Sprint(c.minute, " ", c.hours[0])
	for _, h := range c.hours[1:] {
		text += fmt.Sprint(",", h)
	}
	if text += " * * "; len(c.days) == 0 {
		return text + "*"
	}
	for i, d := range c.days {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(int(d))
	}
	return text
}

// shows says whether it strikes when the clock on the wall shows this.
func (c clockwork) shows(wall time.Time) bool {
	return wall.Minute() == c.minute && slices.Contains(c.hours, wall.Hour()) && (len(c.days) == 0 || slices.Contains(c.days, wall.Weekday()))
}

// ticks looks at the clock on the wall every minute in (after, until]. What it shows twice counts the first time, what
// it leaves out counts when it goes on.
func (c clockwork) ticks(after, until time.Time) (ticks []time.Time) {
	wall := func(t time.Time) time.Time {
		_, offset := t.In(c.zone).Zone()
		return t.UTC().Add(time.Duration(offset) * time.Second)
	}
	for t := after.Truncate(time.Minute).Add(time.Minute); !t.After(until); t = t.Add(time.Minute) {
		strikes := false
		for shown := wall(t.Add(-time.Minute)).Add(time.Minute); !shown.After(wall(t)); shown = shown.Add(time.Minute) {
			strikes = strikes || c.shows(shown)
		}
		if c.shows(wall(t)) {
			strikes = !wall(t.Add(-time.Hour)).Equal(wall(t)) && !wall(t.Add(-30*time.Minute)).Equal(wall(t))
		}
		if strikes {
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// Whatever hours, days and zones a schedule is given while the worker runs or stands, across changes of the clock: each
// tick of what is in force, after the last one that was made, makes the digest of its date; nobody gets a date's twice,
// and nothing from before the last tick is made again.
func TestNoChangeOfHourOrZoneReplaysOrSkipsAPeriod(t *testing.T) {
	k := newKit(t, monday, `
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", catch_up: all, max_age: 60d, skip_empty: false}]
`)
	k.Render = func(*digest.Digest) (render.Content, error) {
		return render.Content{Subject: "s", HTML: "h", Text: "t"}, nil
	}
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Kiritimati"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	// Days before the clocks change in Europe, in America or on Lord Howe Island, forwards and back.
	begins := []time.Time{time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC)}
	pipelines := map[time.Time]*sample.Pipeline{}
	for _, b := range begins {
		pipelines[b] = sample.Generate(sample.Options{Seed: 1, Reps: 4, Deals: 60, AsOf: b.AddDate(0, 0, 40), Process: k.Config.Process})
	}
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.SampledFrom(begins).Draw(t, "begin")
		k.source.p = pipelines[now]
		k.Config.Zone = rapid.SampledFrom(zones).Draw(t, "zone of the config")
		k.Now = func() time.Time { return now }
		n := &notebook{digests: map[string]map[ledger.Key]ledger.State{}}
		k.Ledger = n
		var clock clockwork
		change := func() {
			clock = clockwork{minute: rapid.SampledFrom([]int{0, 15, 30, 59}).Draw(t, "minute"), zone: rapid.SampledFrom(zones).Draw(t, "zone"),
				hours: rapid.SliceOfNDistinct(rapid.SampledFrom([]int{0, 1, 2, 3, 7, 12, 23}), 1, 3, rapid.ID[int]).Draw(t, "hours"),
				days:  rapid.SliceOfNDistinct(rapid.Map(rapid.IntRange(0, 6), func(d int) time.Weekday { return time.Weekday(d) }), 0, 3, rapid.ID[time.Weekday]).Draw(t, "days")}
			spec, err := schedule.Parse(clock.cron())
			if err != nil {
				t.Fatal(err)
			}
			if clock.own = rapid.IntRange(0, 3).Draw(t, "whose hour") == 0; clock.own {
				clock.zone = k.Config.Zone
			}
			sched := &k.Config.Schedules[0]
			sched.Spec, sched.Zone, sched.RecipientZone = spec, clock.zone, clock.own
		}
		change()
		s := k.newServer(now)
		s.reconcile(ctx, now) // the first sight
		last, dates := now, map[pipeline.Date]bool{}
		var want []time.Time
		for range rapid.IntRange(5, 15).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 36*60).Draw(t, "minutes later")) * time.Minute)
			switch rapid.SampledFrom([]string{"nothing", "change", "restart", "change at a restart"}).Draw(t, "what") {
			case "change", "change at a restart":
				change()
				s = k.newServer(now)
			case "restart":
				s = k.newServer(now)
			}
			until := now
			if clock.own {
				until = (pipeline.DateOf(now, k.Config.Zone) + 1).Start(k.Config.Zone).Add(-time.Nanosecond)
			} else if last.After(now.Add(time.Hour)) { // the day was planned, and the hour is fixed now
				last = now
			}
			for _, tick := range clock.ticks(last, until) {
				last = tick
				if date := pipeline.DateOf(tick, k.Config.Zone); !dates[date] {
					dates[date] = true
					want = append(want, tick)
				}
			}
			s.reconcile(ctx, now)
			if !slices.EqualFunc(n.made, want, time.Time.Equal) {
				t.Fatalf("%s in %v at %v: made %v, want %v\n%s", clock.cron(), clock.zone, now, n.made, want, k.logs)
			}
			if len(n.twice) > 0 || !n.due.Equal(last) {
				t.Fatalf("%s in %v at %v: made up to %v, want %v; twice: %v", clock.cron(), clock.zone, now, n.due, last, n.twice)
			}
		}
		k.logs.Reset()
	})
}
