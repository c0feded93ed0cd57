package digest

import (
	"cmp"
	"fmt"
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
		return []string{"due and waiting: " + o.schedules(o.Due) + ". Drumbeat tries again every half minute, and sends them when it succeeds"}
	case Missed:
		return []string{"nobody got these digests, and Drumbeat does not make up for them: " + o.missedNames()}
	case MadeLate:
		out = append(out, "the pipeline can be read again")
	}
	if len(o.Runs) == 0 {
		if !o.Since.IsZero() {
			out = append(out, "nothing ran since "+o.clock(o.Since))
		}
	} else {
		s := count(o.sum[groupSent], "digest was", "digests were") + " sent"
		for _, g := range []struct{ group, one, many string }{{groupFailed, "failed", "failed"},
			{groupUnknown, "may or may not have arrived", "may or may not have arrived"}, {groupWaiting, "waits", "wait"}, {groupSkipped, "was left out on purpose", "were left out on purpose"}} {
			if n := o.sum[g.group]; n > 0 {
				s += ", " + whole(n) + nb + noun(n, g.one, g.many)
			}
		}
		out = append(out, upper(s))
	}
	if late := o.latest(); late > 0 {
		out = append(out, "what ran latest began "+stretch(late)+" after its hour")
	}
	if len(part.Todo) > 0 {
		return append(out, "what needs you comes first")
	}
	return append(out, "nothing needs you")
}

// schedules names the ticks' schedules, each once.
func (o *operator) schedules(ticks []DueTick) string {
	var names []string
	for _, t := range ticks {
		if name := line(t.Schedule, 40); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return list(names)
}

func (o *operator) missedNames() string { return o.schedules(o.Missed) }

// todo is what a person has to mend, the widest first.
func (o *operator) todo() (out []Task) {
	for i, t := range o.Due {
		if slices.ContainsFunc(o.Due[:i], func(b DueTick) bool { return b.Why == t.Why }) {
			continue
		}
		task := Task{Title: "The pipeline database cannot be read", Says: line(t.Why, 300),
			Do: "Look whether the database is up and lets Drumbeat in. This tries it and sends nothing:", Cmd: "drumbeat check --connect"}
		if t.Setup {
			task.Title, task.Do, task.Cmd = "The config does not fit the pipeline", "Mend the config and start Drumbeat again.", ""
		}
		for _, other := range o.Due {
			if other.Why == t.Why && other.Schedule != "" {
				task.Who = append(task.Who, Whom{Name: line(other.Schedule, 40), Words: "due since " + o.clock(other.At)})
			}
		}
		out = append(out, task)
	}
	for _, t := range o.Missed {
		out = append(out, Task{Title: line(t.Schedule, 40) + " was left out", Says: line(t.Why, 300),
			Do: "If it should go out all the same:", Cmd: "drumbeat run " + quoted(t.Schedule) + " --as-of " + pipeline.DateOf(t.At, o.Location).String()})
	}
	for _, r := range o.Runs {
		out = append(out, o.lost(r)...)
	}
	out = append(out, o.doubts()...)
	if len(o.NoAddress) > 0 {
		t := Task{Title: count(len(o.NoAddress), "active person has", "active people have") + " no address that works",
			Do: "Add the address in the CRM, or under people in the config."}
		for _, p := range o.NoAddress {
			t.Who = append(t.Who, Whom{Name: personName(p.Name, p.ID), Words: p.Why})
		}
		out = append(out, t.short())
	}
	return out
}

// leading gives the first tasks, and counts the others.
func leading(all []Task) (tasks []Task, more string) {
	if n := len(all) - shownTasks; n > 0 {
		return all[:shownTasks], "And " + count(n, "more thing", "more things") + " to mend."
	}
	return all, ""
}

// lost are the digests of a run that did not arrive, a task for each way to mend them.
func (o *operator) lost(r RunRecord) (out []Task) {
	again := "drumbeat run " + quoted(r.Schedule) + " --as-of " + r.Period.String()
	groups := []struct {
		is        func(MailRecord) bool
		one, many string
		do, cmd   string
	}{
		{func(m MailRecord) bool { return m.State == groupFailed && !m.Made }, "digest could not be made", "digests could not be made",
			"When that is mended, this makes and sends what is missing:", again},
		{func(m MailRecord) bool { return m.State == groupFailed && m.Made }, "digest was refused", "digests were refused",
			"Mend the address in the CRM, or under people in the config, and run this. If the address is right, ask who runs its mail server, and run it with --force --only ADDRESS.", again},
		{func(m MailRecord) bool { return m.State == groupUnknown }, "digest may or may not have arrived", "digests may or may not have arrived",
			"The mail server’s answer was lost; its log knows. To send the same mail again:", again + " --force --only ADDRESS"},
	}
	for _, g := range groups {
		t := Task{Do: g.do, Cmd: g.cmd}
		for _, m := range r.Mails {
			if g.is(m) {
				t.Who = append(t.Who, Whom{Name: o.name(m), Address: line(m.Address, 80), Words: line(m.Reason, 200)})
			}
		}
		if len(t.Who) == 0 {
			continue
		}
		t.Title = line(r.Schedule, 40) + ": " + count(len(t.Who), g.one, g.many)
		out = append(out, t.short())
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
func (t Task) short() Task {
	if n := len(t.Who) - namedPeople; n > 0 {
		t.Who, t.More = t.Who[:namedPeople], "and "+count(n, "more", "more")
	}
	return t
}

// doubts are the reasons not to trust the figures that went out.
func (o *operator) doubts() (out []Task) {
	s := o.Data
	if s == nil {
		return nil
	}
	if s.Stale() {
		days := int(pipeline.DateOf(s.AsOf, o.Location) - pipeline.DateOf(s.Newest.V, o.Location))
		out = append(out, Task{Title: "The data stop on " + o.day(s.Newest.V),
			Says: "Nothing has happened in the pipeline database for " + o.age(days) + ". Digests say so on top and leave out what needs fresh data.",
			Do:   "Look whether the connection from the CRM still runs."})
	}
	var fewer []Whom
	for _, kind := range s.kinds() {
		if now, before := s.Rows[kind], s.Before[kind]; shrunk(now, before) {
			fewer = append(fewer, Whom{Name: label(kind), Words: whole(int(now)) + ", " + whole(int(before)) + " the run before"})
		}
	}
	if len(fewer) > 0 {
		out = append(out, Task{Title: "Rows are missing", Says: "The pipeline database holds far fewer rows than at the run before. It may be half loaded; then the figures that went out rest on half of it.",
			Who: fewer, Do: "Look at the last load of the database. When it is complete, look at the figures again:", Cmd: "drumbeat report"})
	}
	return out
}

// skipped says who got nothing on purpose, the reasons by their count.
func (o *operator) skipped() (out []string) {
	reasons := map[string]int{}
	for _, r := range o.Runs {
		for _, m := range r.Mails {
			if m.State == groupSkipped {
				reasons[cmp.Or(line(m.Reason, 80), "no reason")]++
			}
		}
	}
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	}) {
		out = append(out, whole(reasons[reason])+nb+"× "+reason)
	}
	return out
}

// runRows is a line for each run, the newest first.
func (o *operator) runRows() (out []RunRow) {
	for _, r := range slices.Backward(o.Runs) {
		n := map[string]int{}
		for _, m := range r.Mails {
			n[m.group()]++
		}
		row := RunRow{Name: line(r.Schedule, 40), Period: "up to " + o.date(r.Period-1), When: o.when(r),
			Sent: whole(n[groupSent]), Skipped: whole(n[groupSkipped])}
		var open []string
		for _, g := range []struct{ group, word string }{{groupFailed, "failed"}, {groupUnknown, "unknown"}, {groupWaiting, "waiting"}} {
			if n[g.group] > 0 {
				open = append(open, whole(n[g.group])+nb+g.word)
			}
		}
		row.Open, row.Alarm = cmp.Or(strings.Join(open, ", "), "none"), n[groupFailed]+n[groupUnknown] > 0
		if out = append(out, row); len(out) == shownRuns {
			break
		}
	}
	return out
}

// when says whether a run kept its hour.
func (o *operator) when(r RunRecord) string {
	if r.Tick.IsZero() {
		return "called by hand, " + o.clock(r.Began)
	}
	s := "on time, " + o.clock(r.Tick)
	if r.OwnHour {
		s = "at each one's own hour"
	}
	if late := r.late(); late > 0 {
		s = stretch(late) + " late, due " + o.clock(r.Tick)
	}
	if took := r.Ended.Sub(r.Began); !r.OwnHour && took > time.Hour {
		s += "; its last mail dealt with " + stretch(took) + " later"
	}
	return s
}

// data says how fresh the source is and what it holds.
func (o *operator) data(part *AdminPart) {
	s := o.Data
	if s == nil {
		return
	}
	part.Data = "Nothing has ever happened in the pipeline database."
	if s.Newest.OK {
		part.Data = "The newest entry is of " + o.clock(s.Newest.V) + "."
	}
	for _, kind := range s.kinds() {
		row := DataRow{Kind: label(kind), Now: "none"}
		if s.Before != nil {
			row.Before = "none"
		}
		if n, there := s.Rows[kind]; there {
			row.Now = whole(int(n))
		}
		if n, there := s.Before[kind]; there {
			row.Before = whole(int(n))
		}
		row.Alarm = shrunk(s.Rows[kind], s.Before[kind])
		part.Rows = append(part.Rows, row)
	}
}

// setup says what is running, and what comes next.
func (o *operator) setup() (out []string) {
	if o.Version != "" {
		out = append(out, upper(line(o.Version, 120))+".")
	}
	for _, t := range o.Next {
		out = append(out, "Next: "+line(t.Schedule, 40)+", "+o.clock(t.At)+".")
	}
	return out
}

func label(kind string) string { return upper(strings.ReplaceAll(line(kind, 40), "_", " ")) }

// quoted is a schedule's name as a shell takes it.
func quoted(name string) string {
	if strings.Contains(name, " ") {
		return strconv.Quote(line(name, 100))
	}
	return line(name, 100)
}

// stretch says how long something took: the largest unit that still tells much.
func stretch(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return count(max(1, int(d/time.Minute)), "minute", "minutes")
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour", "hours")
	}
	return newSpeaker(nil).age(int(d / (24 * time.Hour)))
}

// clock writes Monday 1 June, 07:00, with the year when it is not the digest's.
func (o *operator) clock(t time.Time) string {
	t = t.In(o.Location)
	return o.date(pipeline.DateOf(t, o.Location)) + ", " + t.Format("15:04 MST")
}

func (o *operator) day(t time.Time) string { return o.date(pipeline.DateOf(t, o.Location)) }

func (o *operator) date(d pipeline.Date) string {
	y, m, day := d.YMD()
	s := fmt.Sprintf("%d%s%s", day, nb, m)
	if y != o.At.In(o.Location).Year() {
		s += " " + strconv.Itoa(y)
	}
	return s
}
