package digest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// How many tasks there are, and how many people each names; the others are counted.
const (
	shownTasks  = 10
	namedPeople = 6
)

// How many runs the table shows, the newest.
const shownRuns = 20

// news is the mail in one or two sentences.
func (o *operator) news(part *AdminPart) (out []string) {
	switch o.Cause {
	case NotMade:
		return []string{o.say("admin news unread", "schedules", o.schedules(o.Due), "misfit", o.fault().Setup, "held", o.fault().Data != nil)}
	case Missed:
		return []string{o.say("admin news missed", "schedules", o.schedules(o.Missed))}
	case Refused:
		return []string{o.say("admin news refused", "taken", o.clock(o.Refused.InForce))}
	case MadeLate:
		out = append(out, o.say("admin news readable"))
	}
	if len(o.Runs) > 0 {
		out = append(out, o.say("admin news mails", counted(o.sum)...))
	} else if !o.Since.IsZero() {
		out = append(out, o.say("admin news nothing ran", "since", o.clock(o.Since)))
	}
	if late := o.latest(); late > 0 {
		out = append(out, o.say("admin news late", "late", o.duration(late)))
	}
	if len(part.Todo) > 0 {
		return append(out, o.say("admin news todo"))
	}
	return append(out, o.say("admin news all well"))
}

// schedules names the ticks' schedules, each once.
func (o *operator) schedules(ticks []DueTick) string {
	var names []string
	for _, t := range ticks {
		if name := line(t.Schedule, 40); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return o.List(names)
}

// todo is what a person has to mend, the widest first.
func (o *operator) todo() (out []Task) {
	out = o.refused()
	for i, t := range o.Due {
		if slices.ContainsFunc(o.Due[:i], func(b DueTick) bool { return b.Why == t.Why }) {
			continue
		}
		if t.Data != nil {
			out = append(out, o.held(t)...)
			continue
		}
		task := Task{Title: o.say("admin unread"), Says: line(t.Why, 300), Do: o.say("admin unread do"), Cmd: o.command("check --connect")}
		if t.Setup {
			task.Title, task.Do, task.Cmd = o.say("admin misfit"), o.say("admin misfit do"), ""
		}
		for _, other := range o.Due {
			if other.Why == t.Why && other.Schedule != "" {
				task.Who = append(task.Who, Whom{Name: line(other.Schedule, 40), Words: o.say("admin due since", "since", o.clock(other.At))})
			}
		}
		out = append(out, task)
	}
	for _, t := range o.Missed {
		out = append(out, Task{Title: o.say("admin missed", "schedule", line(t.Schedule, 40)), Says: line(t.Why, 300),
			Do: o.say("admin missed do", "alone", o.Alone), Cmd: o.command(accepting(t.Unfit, "run "+quoted(t.Schedule)+" --as-of "+pipeline.DateOf(t.At, o.Location).String()))})
	}
	for _, r := range o.Runs {
		out = append(out, o.lost(r)...)
	}
	if !slices.ContainsFunc(o.Due, func(t DueTick) bool { return t.Data != nil }) { // else it is told already
		out = append(out, o.doubts(o.Data, false)...)
	}
	if len(o.NoAddress) > 0 {
		t := Task{Title: o.say("admin no address", "n", len(o.NoAddress)), Do: o.say("admin no address do")}
		for _, p := range o.NoAddress {
			t.Who = append(t.Who, Whom{Name: personName(p.Name, p.ID), Words: p.Why})
		}
		out = append(out, o.short(t))
	}
	return out
}

// accepting lets a run accept the data that hindered it.
func accepting(unfit bool, run string) string {
	if unfit {
		run += " --accept-data"
	}
	return run
}

// leading gives the first tasks, and counts the others.
func (o *operator) leading(all []Task) (tasks []Task, more string) {
	if n := len(all) - shownTasks; n > 0 {
		return all[:shownTasks], o.say("admin todo more", "n", n)
	}
	return all, ""
}

// resend makes drumbeat run send a mail again that went out already.
const resend = "--force --only ADDRESS"

// lost are the digests of a run that did not arrive, a task for each way to mend them.
func (o *operator) lost(r RunRecord) (out []Task) {
	again := o.command("run " + quoted(r.Schedule) + " --as-of " + r.Period.String())
	for _, g := range []struct {
		is             func(MailRecord) bool
		title, do, cmd string
	}{
		{func(m MailRecord) bool { return m.State == groupFailed && !m.Made }, "admin unmade", "admin unmade do", again},
		{func(m MailRecord) bool { return m.State == groupFailed && m.Made }, "admin refused", "admin refused do", again},
		{func(m MailRecord) bool { return m.State == groupUnknown }, "admin unknown", "admin unknown do", ""},
	} {
		var who []Whom
		var ids []string
		for _, m := range r.Mails {
			if g.is(m) {
				ids = append(ids, strconv.FormatInt(m.ID, 10))
				who = append(who, Whom{Name: o.name(m), Address: line(m.Address, 80), Words: line(m.Reason, 200)})
			}
		}
		if g.cmd == "" { // works beside the worker
			g.cmd = o.command("ledger resend " + strings.Join(ids, " "))
		}
		if len(who) > 0 {
			out = append(out, o.short(Task{Title: o.say(g.title, "schedule", line(r.Schedule, 40), "n", len(who)), Who: who,
				Do: o.say(g.do, "options", resend, "alone", o.Alone), Cmd: g.cmd}))
		}
	}
	return out
}

// name is the person's, the id where nobody knows it; empty of a bare address.
func (o *operator) name(m MailRecord) string {
	if m.RepID == "" {
		return ""
	}
	return personName(o.Names[m.RepID], m.RepID)
}

// short counts whom it does not name.
func (o *operator) short(t Task) Task {
	if n := len(t.Who) - namedPeople; n > 0 {
		t.Who, t.More = t.Who[:namedPeople], o.say("admin todo more people", "n", n)
	}
	return t
}

// held are digests that wait because of the data that they would be made from.
func (o *operator) held(t DueTick) []Task {
	out := o.doubts(t.Data, true)
	var waits []Whom
	var names, dates []string
	for _, other := range o.Due {
		if other.Data == nil || other.Schedule == "" || other.Why != t.Why {
			continue
		}
		waits = append(waits, Whom{Name: line(other.Schedule, 40), Words: o.say("admin due since", "since", o.clock(other.At))})
		names = append(names, quoted(other.Schedule))
		dates = append(dates, pipeline.DateOf(other.At, o.Location).String())
	}
	if len(waits) == 0 {
		return out
	}
	return append(out, Task{Title: o.say("admin held"), Who: waits, Do: o.say("admin held do", "alone", o.Alone),
		Cmd: o.command(accepting(true, "run "+strings.Join(names, " ")+" --as-of "+slices.Max(dates)))})
}

// doubts are the reasons not to trust figures: those that went out, or those of digests that are held because of it.
func (o *operator) doubts(s *DataState, held bool) (out []Task) {
	if s == nil {
		return nil
	}
	if s.empty() {
		out = append(out, Task{Title: o.say("admin no deals"), Says: o.say("admin no deals says"), Do: o.say("admin rows missing do"), Cmd: o.command("check --connect")})
	}
	if s.Stale() {
		days := int(pipeline.DateOf(s.AsOf, o.Location) - pipeline.DateOf(s.Newest.V, o.Location))
		out = append(out, Task{Title: o.say("admin data stop", "date", o.day(s.Newest.V)),
			Says: o.say("admin data stop says", "age", o.age(days), "held", held), Do: o.say("admin data stop do")})
	}
	var fewer []Whom
	for _, kind := range s.Fewer() {
		fewer = append(fewer, Whom{Name: o.kind(kind), Words: o.say("admin rows missing of a kind", "now", int(s.Rows[kind]), "before", int(s.Before[kind]))})
	}
	if len(fewer) > 0 {
		out = append(out, Task{Title: o.say("admin rows missing"), Says: o.say("admin rows missing says", "held", held), Who: fewer,
			Do: o.say("admin rows missing do"), Cmd: o.command("check --connect")})
	}
	return out
}

// skipped says who got nothing on purpose, the reasons by their count.
func (o *operator) skipped() (out []string) {
	reasons := map[string]int{}
	for _, r := range o.Runs {
		for _, m := range r.Mails {
			if m.State == groupSkipped {
				reasons[cmp.Or(line(m.Reason, 80), o.say("admin left out without reason"))]++
			}
		}
	}
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	}) {
		out = append(out, o.say("admin left out why", "n", reasons[reason], "reason", reason))
	}
	return out
}

// runRows is a line for each run, the newest first.
func (o *operator) runRows() (out []RunRow) {
	for _, r := range slices.Backward(o.Runs) {
		n := map[string]int{}
		r.count(n)
		out = append(out, RunRow{Name: line(r.Schedule, 40), Period: o.say("admin run period", "date", o.date(r.Period-1)), When: o.when(r),
			Sent: o.Whole(n[groupSent]), Open: o.say("admin run not sent", counted(n)...), Skipped: o.Whole(n[groupSkipped]),
			Alarm: n[groupFailed]+n[groupUnknown] > 0})
		if len(out) == shownRuns {
			break
		}
	}
	return out
}

// when says whether a run kept its hour.
func (o *operator) when(r RunRecord) string {
	if r.Tick.IsZero() {
		return o.say("admin run by hand", "began", o.clock(r.Began))
	}
	late, took := "", ""
	if by := r.late(); by > 0 {
		late = o.duration(by)
	}
	if all := r.Ended.Sub(r.Began); !r.OwnHour && all > time.Hour {
		took = o.duration(all)
	}
	return o.say("admin run when", "due", o.clock(r.Tick), "own_hour", r.OwnHour, "late", late, "took", took)
}

// data says how fresh the source is and what it holds.
func (o *operator) data(part *AdminPart) {
	s := o.Data
	if s == nil {
		return
	}
	newest := ""
	if s.Newest.OK {
		newest = o.clock(s.Newest.V)
	}
	part.Data = o.say("admin data newest", "newest", newest)
	for _, kind := range s.kinds() {
		row := DataRow{Kind: o.kind(kind), Now: o.rows(s.Rows, kind), Alarm: shrunk(s.Rows[kind], s.Before[kind])}
		if s.Before != nil {
			row.Before = o.rows(s.Before, kind)
		}
		part.Rows = append(part.Rows, row)
	}
}

// rows says how many there are of a kind; the source may not have it at all.
func (o *operator) rows(in map[string]int64, kind string) string {
	if n, there := in[kind]; there {
		return o.Whole(int(n))
	}
	return o.say("admin rows none")
}

func (o *operator) kind(kind string) string { return o.say("admin rows kind", "kind", kind) }

// setup says what is running, and what comes next.
func (o *operator) setup() (out []string) {
	if o.Version != "" {
		out = append(out, upper(line(o.Version, 120))+".")
	}
	for _, t := range o.Next {
		out = append(out, o.say("admin setup next", "schedule", line(t.Schedule, 40), "at", o.clock(t.At)))
	}
	return out
}

// command is what to type, with the config's name unless the program finds it by itself.
func (o *operator) command(what string) string {
	if o.Config == "" || o.Config == "drumbeat.yaml" {
		return "drumbeat " + what
	}
	return "drumbeat " + what + " --config " + shellQuoted(o.Config)
}

// quoted is a schedule's name as a shell takes it.
func quoted(name string) string { return shellQuoted(line(name, 100)) }

// shellQuoted puts a word into single quotes where a shell would read more into it.
func shellQuoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// duration says how long something took: the largest unit that still tells much.
func (o *operator) duration(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return o.stretch(max(1, int(d/time.Minute)), "minutes")
	case d < 48*time.Hour:
		return o.stretch(int(d/time.Hour), "hours")
	}
	return o.age(int(d / (24 * time.Hour)))
}

// clock says 1 June, 07:00 CEST, with the year when it is not the digest's.
func (o *operator) clock(t time.Time) string {
	return o.say("date and clock", "date", o.day(t), "clock", o.Clock(t.In(o.Location), true))
}

func (o *operator) day(t time.Time) string { return o.date(pipeline.DateOf(t, o.Location)) }

func (o *operator) date(d pipeline.Date) string {
	return o.said(o.Date(d, o.At.In(o.Location).Year()))
}
