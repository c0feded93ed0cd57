package worker

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
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
	old, new draft
	at       time.Time
	asked    time.Time // when it is foretold; zero: when the change is made
	blind    bool      // it is foretold without a look at the ledger
	restart  bool
	broken   bool // up to the change no digest can be rendered
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
	s.serves(c.at, (from + 7).Start(next.Zone))
	o.came = s.digests(from, from+7)
	return o
}

var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Auckland"}

// trials are changes of every kind at any moment, foretold when they are made or some time before.
var trials = rapid.Custom(func(t *rapid.T) trial {
	c := trial{old: drafts.Draw(t, "old")}
	c.new = c.old
	switch rapid.IntRange(0, 4).Draw(t, "change") {
	case 0:
		c.new = drafts.Draw(t, "new")
	case 1:
		c.new.zone = rapid.SampledFrom(zones).Draw(t, "new zone")
	case 2:
		c.new.schedules = slices.Clone(c.old.schedules)
		c.new.schedules[0] = c.old.schedules[0][:1] + someSchedule.Draw(t, "new schedule")[1:]
	case 3:
		c.new.people = drafts.Draw(t, "new people").people
	}
	quarters := rapid.IntRange(0, 7*24*4-1).Draw(t, "quarters of an hour after Monday's first")
	c.at = monday.Add(-7*time.Hour + time.Duration(quarters)*15*time.Minute)
	if rapid.Bool().Draw(t, "asked before") {
		c.asked = c.at.Add(-time.Duration(rapid.IntRange(1, 60).Draw(t, "hours before")) * time.Hour)
	}
	c.restart = rapid.Bool().Draw(t, "restart")
	return c
})

var someSchedule = rapid.Custom(func(t *rapid.T) string {
	one := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(t, what) }
	return strings.Join([]string{one("name", "a", "b", "c"), one("digest", "rep", "manager"),
		fmt.Sprintf("0_%d_*_*_%s", rapid.IntRange(0, 23).Draw(t, "hour"), one("day", "1", "1", "2", "3", "5", "0", "1,3", "*")),
		one("zone", append([]string{"-", "recipient", "recipient"}, zones...)...), one("catch up", "last", "last", "all", "none"),
		one("age", "72h", "72h", "6h", "240h"), one("teams", "", "", "Europe", "Americas", "Europe,Americas")}, " ")
})

var drafts = rapid.Custom(func(t *rapid.T) draft {
	d := draft{zone: rapid.SampledFrom(zones).Draw(t, "config's zone")}
	d.schedules = rapid.SliceOfNDistinct(someSchedule, 1, 3, func(s string) string { return s[:1] }).Draw(t, "schedules")
	switch rapid.IntRange(0, 3).Draw(t, "people") {
	case 0:
		d.people = []pipeline.Person{{Rep: "R005", Email: "moved@example.com"}, {Rep: "R006", Team: "Europe"}}
	case 1:
		d.people = []pipeline.Person{{Rep: "R008", Active: pipeline.Some(false)}, {Rep: "R011", TimeZone: "Asia/Tokyo"}}
	}
	return d
})

// Whatever is changed, whenever: what is foretold of a week is what the worker then does. DRUMBEAT_CASES says how many
// changes are tried.
func TestWhatIsForetoldIsWhatTheWorkerDoes(t *testing.T) {
	n := 16
	if cases, err := strconv.Atoi(os.Getenv("DRUMBEAT_CASES")); err == nil {
		n = cases
	}
	for seed := range n {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			c := trials.Example(seed)
			o := c.play(t)
			if diff := differences(o.after, o.came); diff != "" {
				t.Errorf("%+v\n%s", c, diff)
			}
			if diff := differences(o.before, o.after); diff != "" && fmt.Sprint(c.old) == fmt.Sprint(c.new) && !c.restart {
				t.Errorf("%+v: nothing changes, and yet\n%s", c, diff)
			}
		})
	}
}

// The changes that people make, by the book: what the week would have been, and what it becomes, for one seller (Jonas,
// of Europe) in periods; `!` marks a digest of another schedule than own.
func TestWhatAChangeDoesToAWeek(t *testing.T) {
	at := func(day, hour, minute int) time.Time { // 1 is the first Monday
		return monday.AddDate(0, 0, day-1).Add(time.Duration(hour-7)*time.Hour + time.Duration(minute)*time.Minute)
	}
	own := func(cron string, rest ...string) draft { return draft{schedules: []string{ownLine(cron, rest...)}} }
	mondays := own("0_7_*_*_1")
	for _, c := range []struct {
		name          string
		old, new      draft
		at            time.Time
		restart       bool
		before, after string
	}{
		{name: "an hour later, before the run", old: mondays, new: own("0_8_*_*_1"), at: at(1, 6, 30), before: "01", after: "01"},
		{name: "an hour later, after the run", old: mondays, new: own("0_8_*_*_1"), at: at(1, 7, 30), before: "01", after: "01"},
		{name: "an hour earlier, before the run", old: mondays, new: own("0_6_*_*_1"), at: at(1, 6, 30), before: "01", after: "01"},
		{name: "an hour earlier, after the run", old: mondays, new: own("0_6_*_*_1"), at: at(1, 7, 30), before: "01", after: "01"},
		{name: "Monday to Wednesday, before the run", old: mondays, new: own("0_7_*_*_3"), at: at(1, 6, 0), before: "01", after: "03"},
		{name: "Monday to Wednesday, on Tuesday", old: mondays, new: own("0_7_*_*_3"), at: at(2, 6, 0), before: "01", after: "01 03"},
		{name: "Monday to Wednesday, on Thursday: it has just come due", old: mondays, new: own("0_7_*_*_3"), at: at(4, 6, 0), before: "01", after: "01 03"},
		{name: "Monday to Wednesday, on Sunday: it is too old", old: mondays, new: own("0_7_*_*_3"), at: at(7, 6, 0), before: "01", after: "01"},
		{name: "Wednesday to Monday, on Tuesday: at once", old: own("0_7_*_*_3"), new: mondays, at: at(2, 6, 0), before: "03", after: "01"},
		{name: "Wednesday to Monday, on Tuesday, nothing is made up for", old: own("0_7_*_*_3"), new: own("0_7_*_*_1", "-", "none"), at: at(2, 6, 0), before: "03", after: "01"},
		{name: "the same, and it begins again", old: own("0_7_*_*_3"), new: own("0_7_*_*_1", "-", "none"), at: at(2, 6, 0), restart: true, before: "03", after: ""},
		{name: "Wednesday to Monday, on Tuesday, too old", old: own("0_7_*_*_3"), new: own("0_7_*_*_1", "-", "last", "6h"), at: at(2, 16, 0), before: "03", after: ""},
		{name: "to the west, before the run", old: mondays, new: own("0_7_*_*_1", "America/New_York"), at: at(1, 6, 0), before: "01", after: "01"},
		{name: "to the east, after the run: next Monday comes in this week", old: mondays, new: own("0_7_*_*_1", "Asia/Tokyo"), at: at(2, 6, 0), before: "01", after: "01 07"},
		{name: "the config's zone", old: mondays, new: draft{zone: "Asia/Tokyo", schedules: mondays.schedules}, at: at(2, 6, 0), before: "01", after: "01"},
		{name: "another name, before the run at its hour", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_7_*_*_1")[3:]}}, at: at(1, 6, 0), before: "01", after: "01!"},
		{name: "another name and an earlier hour, between them", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_6_*_*_1")[3:]}}, at: at(1, 6, 30), before: "01", after: ""},
		{name: "another name, after the run", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_7_*_*_1")[3:]}}, at: at(1, 8, 0), before: "01", after: "01"},
		{name: "another name and a later day, after the run", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_7_*_*_5")[3:]}}, at: at(1, 8, 0), before: "01", after: "01 05!"},
		{name: "each recipient's own hour, from before it", old: mondays, new: own("0_7_*_*_1", "recipient"), at: at(1, 4, 0), before: "01", after: "01"},
		{name: "no more each recipient's own hour, while it is waited for", old: own("0_7_*_*_1", "recipient"), new: mondays, at: at(1, 3, 0), before: "01", after: "01"},
		{name: "a schedule more", old: mondays, new: draft{schedules: []string{ownLine("0_7_*_*_1"), "more" + ownLine("0_7_*_*_5")[3:]}}, at: at(2, 6, 0), before: "01", after: "01 05!"},
		{name: "a schedule less", old: draft{schedules: []string{ownLine("0_7_*_*_1"), "more" + ownLine("0_7_*_*_5")[3:]}}, new: mondays, at: at(2, 6, 0), before: "01 05!", after: "01"},
		{name: "two that become one", old: draft{schedules: []string{ownLine("0_7_*_*_1"), "more" + ownLine("0_7_*_*_5")[3:]}}, new: own("0_7_*_*_1,5"), at: at(2, 6, 0), before: "01 05!", after: "01 05"},
		{name: "a team less, before the run", old: mondays, new: own("0_7_*_*_1", "-", "last", "72h", "Americas"), at: at(1, 6, 0), before: "01", after: ""},
		{name: "a team less, while its mails wait: so many that it is not believed", old: own("0_7_*_*_1", "recipient"), new: own("0_7_*_*_1", "recipient", "last", "72h", "Americas"), at: at(1, 3, 0), before: "01", after: "01"},
		{name: "inactive, while the mail waits for its hour", old: own("0_7_*_*_1", "recipient"), new: draft{schedules: []string{ownLine("0_7_*_*_1", "recipient")}, people: []pipeline.Person{{Rep: "R005", Active: pipeline.Some(false)}}}, at: at(1, 3, 0), before: "01", after: ""},
		{name: "inactive, right after its mail was made", old: own("0_7_*_*_1", "recipient"), new: draft{schedules: []string{ownLine("0_7_*_*_1", "recipient")}, people: []pipeline.Person{{Rep: "R005", Active: pipeline.Some(false)}}}, at: at(1, 0, 2), before: "01", after: ""},
		{name: "another address, before the run", old: mondays, new: draft{schedules: mondays.schedules, people: []pipeline.Person{{Rep: "R005", Email: "new@example.com"}}}, at: at(1, 6, 0), before: "01", after: "01"},
		{name: "another address, after the run", old: mondays, new: draft{schedules: mondays.schedules, people: []pipeline.Person{{Rep: "R005", Email: "new@example.com"}}}, at: at(1, 8, 0), before: "01", after: "01"},
		{name: "another address, while the mail waits for its hour", old: own("0_7_*_*_1", "recipient"), new: draft{schedules: []string{ownLine("0_7_*_*_1", "recipient")}, people: []pipeline.Person{{Rep: "R005", Email: "new@example.com"}}}, at: at(1, 3, 0), before: "01", after: "01"},
		{name: "daily, all that is not too old at once", old: mondays, new: own("0_7_*_*_*", "-", "all"), at: at(4, 8, 0), before: "01", after: "01 02 03 04 05 06 07"},
		{name: "hourly before, and the hour of the new one is dealt with", old: own("0_*_*_*_1", "-", "last", "72h", "Americas"), new: own("0_9_*_*_1"), at: at(1, 10, 30), before: "", after: ""},
		{name: "hourly, and somebody more from its next hour on", old: own("0_*_*_*_1", "-", "last", "72h", "Americas"), new: own("0_*_*_*_1"), at: at(1, 10, 30), before: "", after: "01"},
		{name: "daily, the last one at once", old: mondays, new: own("0_7_*_*_*"), at: at(4, 8, 0), before: "01", after: "01 04 05 06 07"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := trial{old: c.old, new: c.new, at: c.at, restart: c.restart}.play(t)
			if diff := differences(o.after, o.came); diff != "" {
				t.Error(diff)
			}
			if b, a := jonas(o.before), jonas(o.after); b != c.before || a != c.after {
				t.Errorf("without the change %q, with it %q; want %q and %q", b, a, c.before, c.after)
			}
			if b, a := jonas(o.blindBefore), jonas(o.blindAfter); b != c.before || a != c.after {
				t.Errorf("without a ledger: %q, with the change %q", b, a)
			}
		})
	}
}

// ownLine is the line of the schedule own; rest may give zone, catch_up, max_age and teams.
func ownLine(cron string, rest ...string) string {
	usual := []string{"-", "last", "72h", ""}
	copy(usual, rest)
	return strings.TrimSpace("own rep " + cron + " " + strings.Join(usual, " "))
}

// jonas gives the days of June of whose periods Jonas gets a digest.
func jonas(all []string) string {
	var days []string
	for _, line := range all {
		if f := strings.Fields(line); f[2] == "R005" && f[5] == "true" {
			day := strings.TrimPrefix(f[0], "2026-06-")
			if f[1] != "own" {
				day += "!"
			}
			days = append(days, day)
		}
	}
	return strings.Join(days, " ")
}

// What could not be made is made good by a later tick of its day, which a change may bring.
func TestADigestThatCouldNotBeMadeIsForetoldOfALaterHour(t *testing.T) {
	c := trial{old: draft{schedules: []string{ownLine("0_7_*_*_1")}}, new: draft{schedules: []string{ownLine("0_8_*_*_1")}}, at: monday.Add(30 * time.Minute), broken: true}
	o := c.play(t)
	if diff := differences(o.after, o.came); diff != "" || jonas(o.before) != "" || jonas(o.after) != "01" {
		t.Errorf("without the change %q, with it %q\n%s", jonas(o.before), jonas(o.after), diff)
	}
}
