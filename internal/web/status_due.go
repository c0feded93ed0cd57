package web

import (
	"slices"
	"strings"
	"time"

	"drumbeat/internal/ledger"
)

// overdue tells of ticks that have not been made, in one piece where the same keeps them.
func (c *scene) overdue() (out []matter) {
	var reasons []Hindrance // each once
	late := map[Hindrance][]Scheduled{}
	soft := map[Hindrance]bool{}
	for _, s := range c.Schedules {
		_, by := c.due(s)
		why, known := c.pulse.Hindered[s.Name]
		enough := by > overdueAfter
		if s.Digest == "admin" {
			enough = by > adminOverdueAfter
		}
		if by == 0 || !enough && !known { // it is being made
			continue
		}
		if _, met := late[why]; !met {
			reasons, soft[why] = append(reasons, why), true
		}
		late[why] = append(late[why], s)
		soft[why] = soft[why] && !enough
	}
	for _, why := range reasons {
		t := c.kept(why, late[why])
		t.Soft = soft[why]
		out = append(out, t)
	}
	return out
}

// kept tells of schedules that are overdue for one reason; the zero reason: this process knows none.
func (c *scene) kept(why Hindrance, late []Scheduled) matter {
	var names []string
	var first time.Time
	t := matter{Here: true}
	for _, s := range late {
		names = append(names, s.Name)
		tick, _ := c.due(s)
		t.Parts = append(t.Parts, s.Name+": due "+c.at(tick, s.Zone).Words)
		if first.IsZero() || tick.Before(first) {
			first = tick
		}
	}
	t.Since = c.since(first)
	if why.Words != "" {
		t.Quote = []string{why.Words}
	}
	who := listed(names)
	const wait = "Nobody has these digests yet. None is lost: they go out late, as soon as they can be made, up to max_age of the schedule."
	t.Readers, t.Cmds = wait, []string{c.command("check", "--connect")}
	switch {
	case why.Held:
		t.Title, t.Cmds = who+": held back, the data are not to be trusted", nil
		t.Do = "See whether the load of the pipeline database still runs; the data are looked at every five minutes. Only if they are right as they are," + c.workerStopped() + " send the digests nonetheless:"
		for _, s := range late[:min(len(late), 3)] {
			t.Cmds = append(t.Cmds, c.command("run", s.Name, "--as-of", c.newest(s), "--accept-data"))
		}
	case why.Setup:
		t.Title = who + ": overdue, the config does not fit the pipeline"
		t.Do = "Mend the config; the worker takes it by itself. This shows what does not fit:"
	case why.Words != "":
		t.Title = who + ": overdue, and could not be made"
		t.Do = "Mostly the pipeline database cannot be read. Drumbeat tries again every half minute. This tries it, and sends nothing:"
	default:
		t.Title = who + ": overdue"
		t.Do = "This worker says nothing of why; its log may (“schedule not run”), or that of another worker. This tries the databases and the relay, and sends nothing:"
	}
	return t
}

// newest is the day of a schedule's last tick that is due, in the page's zone.
func (c *scene) newest(s Scheduled) string {
	tick, _ := c.due(s)
	for range 1000 { // a schedule that is due every minute says enough after so many
		next := s.Next(tick)
		if next.IsZero() || next.After(c.clock) {
			break
		}
		tick = next
	}
	return tick.In(c.Zone).Format(time.DateOnly)
}

// stale tells of old data, unless they are why digests are held back.
func (c *scene) stale() []matter {
	var oldest time.Duration
	t := matter{Here: true, Readers: "They get their digests, which know nothing of the days since then. When nothing new has come for a week (or for the window of the schedule, if that is longer), digests are held back.",
		Do: "See whether the loading of the CRM into the pipeline database still works. This says how old its newest row is:", Cmds: []string{c.command("check", "--connect")}}
	for _, s := range c.Schedules {
		if age := c.pulse.SourceAge[s.Name]; age > staleAfter && !c.pulse.Hindered[s.Name].Held {
			oldest = max(oldest, age)
			t.Parts = append(t.Parts, s.Name+": "+stretch(age))
		}
	}
	if oldest == 0 {
		return nil
	}
	t.Title = "The data are old: when they were last read, the newest row was " + stretch(oldest) + " old"
	return []matter{t}
}

// nobody tells of schedules whose last run was for nobody at all.
func (c *scene) nobody() []matter {
	t := matter{Readers: "Nobody gets these digests.", Do: "Look at recipients of the schedule, and at the people of the source. This says whom the next digests mean, and who is left out why:",
		Cmds: []string{c.command("plan")}}
	var names []string
	for _, s := range c.Schedules {
		r := c.last(s.Name)
		if r == nil || !c.isForNobody(r) {
			continue
		}
		names = append(names, s.Name)
		why := "the schedule means nobody"
		if len(r.Why) > 0 {
			why = "everybody is left out: " + c.Plain(counted(r.Why))
		}
		t.Parts = append(t.Parts, s.Name+": "+why)
	}
	if len(names) == 0 {
		return nil
	}
	t.Title = listed(names) + ": nobody gets it"
	if len(names) > 1 {
		t.Title = listed(names) + ": nobody gets them"
	}
	return []matter{t}
}

func (c *scene) isForNobody(r *ledger.RunRecord) bool {
	return r.LeftOut == "" && r.Meant() == 0 && r.Why[c.Running.NothingToDo] == 0 && r.Why[ledger.Settled] == 0
}

// withoutAddress tells of people whom no mail reaches, as the last run of each schedule met them.
func (c *scene) withoutAddress() []matter {
	t := matter{Readers: "They get no digest. Nobody else is concerned.", Do: "Add their addresses in the CRM, or under people in the config. This says who they are:"}
	most := 0
	for _, s := range c.Schedules {
		r := c.last(s.Name)
		if r == nil || c.isForNobody(r) {
			continue
		}
		n := 0
		for _, reason := range c.Running.Unreached {
			n += r.Why[reason]
		}
		if n == 0 {
			continue
		}
		if t.Parts = append(t.Parts, s.Name+": "+thousands(n)); n > most {
			most, t.Cmds = n, []string{c.command("ledger", "list", "--state", "skipped", "--schedule", s.Name, "--period", r.Period)}
		}
	}
	if most == 0 {
		return nil
	}
	if t.Title = count(most, "active person has", "active people have") + " no address that works"; len(t.Parts) > 1 {
		t.Title = "Active people of " + count(len(t.Parts), "schedule", "schedules") + " have no address that works"
	}
	return []matter{t}
}

// lots says which runs the deliveries in a state are of; made tells mails that were refused from those that were never
// made.
func (c *scene) lots(state ledger.State, made bool) (out []string) {
	for _, l := range c.said.Lots {
		if l.State == state && l.Made == made {
			out = append(out, l.Schedule+" "+l.Period+": "+thousands(l.N))
		}
	}
	return out
}

func (c *scene) sum(state ledger.State, made bool) (n int) {
	for _, l := range c.said.Lots {
		if l.State == state && l.Made == made {
			n += l.N
		}
	}
	return n
}

// first is the first of the lots in a state; the zero one where there is none.
func (c *scene) first(state ledger.State, made bool) ledger.Lot {
	i := slices.IndexFunc(c.said.Lots, func(l ledger.Lot) bool { return l.State == state && l.Made == made })
	if i < 0 {
		return ledger.Lot{}
	}
	return c.said.Lots[i]
}

// ofLot shows what is in a lot, and makes it again where that is asked for.
func (c *scene) ofLot(l ledger.Lot, again bool) []string {
	cmds := []string{c.command("ledger", "list", "--state", string(l.State), "--schedule", l.Schedule, "--period", l.Period)}
	if again {
		cmds = append(cmds, c.command("run", l.Schedule, "--as-of", l.Period))
	}
	return cmds
}

// workerStopped says what a run by hand asks for where the ledger is a file.
func (c *scene) workerStopped() string {
	if c.Running.Alone {
		return " stop the worker first, since its state is in SQLite; then"
	}
	return ""
}

// withoutMark takes off a reason what the page says already.
func withoutMark(reason string) string { return strings.TrimPrefix(reason, "not made: ") }
