package web

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"drumbeat/internal/ledger"
)

// From when on something needs somebody. docs/alerts.yml has the same, which a test holds together.
const (
	overdueAfter      = 10 * time.Minute
	adminOverdueAfter = 45 * time.Minute // it waits for the week's mails
	waitsTooLong      = time.Hour        // pending, sending
	relayFailsFor     = 15 * time.Minute
	staleAfter        = 3 * 24 * time.Hour
)

// matter is one thing that is wrong, as somebody reads it who was asleep a minute ago.
type matter struct {
	Title   string
	Since   string   // and for how long; empty: it is no matter of time
	Quote   []string // the words of a server, or of a config's faults
	Parts   []string // which, and how many of each
	Readers string   // what it means for them
	Do      string
	Cmds    []string
	Here    bool // this process knows it; another worker of the ledger may know better
	Soft    bool // it may mend itself yet
}

// mostParts bounds what one matter lists.
const mostParts = 8

// troubles are all that is wrong, the worst first: those that need somebody, and those that may mend themselves yet.
func (c *scene) troubles() (needed, soft []matter) {
	all := c.silentLedger()
	if len(all) == 0 { // else it is why
		all = c.overdue()
	}
	for _, find := range []func() []matter{c.relay, c.waiting, c.unknown, c.failed, c.leftOut, c.refusedConfig, c.stale, c.nobody, c.withoutAddress} {
		all = append(all, find()...)
	}
	for _, t := range all {
		if more := len(t.Parts) - mostParts; more > 1 {
			t.Parts = append(slices.Clip(t.Parts[:mostParts]), fmt.Sprintf("and %d more", more))
		}
		if t.Soft {
			soft = append(soft, t)
		} else {
			needed = append(needed, t)
		}
	}
	return needed, soft
}

// silentLedger tells of a state database that does not answer.
func (c *scene) silentLedger() []matter {
	if c.err == nil {
		return nil
	}
	t := matter{Title: "The state database does not answer", Quote: []string{c.Plain(c.err.Error())}, Here: true,
		Readers: "Nothing is made and nothing is sent without it. Nothing is lost: what is due meanwhile is made up for when it answers again, as catch_up and max_age of the schedule say.",
		Do:      "See that the database runs and can be reached from here; the worker then goes on by itself. This tries it, and sends nothing:",
		Cmds:    []string{c.command("check", "--connect")}}
	if errors.Is(c.err, errSilent) {
		t.Title = "The state database does not answer, or takes too long"
	}
	if !c.sighting.at.IsZero() {
		t.Since = "It last answered on " + c.ago(c.sighting.at)
	} else {
		t.Since = "It has not answered this page since the worker started"
	}
	for _, s := range c.Schedules {
		if tick, late := c.due(s); late > 0 {
			t.Parts = append(t.Parts, s.Name+": due "+c.at(tick, s.Zone).Words)
		}
	}
	return []matter{t}
}

// relay tells of a mail server that this process cannot use.
func (c *scene) relay() []matter {
	p := c.pulse
	if p.RelayFailures == 0 {
		return nil
	}
	t := matter{Title: "The mail relay does not work: " + count(p.RelayFailures, "failure", "failures in a row"), Since: c.since(p.RelaySince), Here: true,
		Readers: "Their digests wait, and none is lost: they go out when the relay works again.",
		Do:      "Ask whoever runs the relay, or mend mail.smtp in the config. Drumbeat tries again by itself, every ten minutes at the latest. This tries it, and sends nothing:",
		Cmds:    []string{c.command("check", "--connect")}, Soft: c.now.Sub(p.RelaySince) < relayFailsFor}
	if p.RelayWords != "" {
		t.Quote = []string{p.RelayWords}
	}
	if n := c.said.Standings[ledger.Pending].N; n > 0 {
		t.Readers = count(n, "digest waits", "digests wait") + ", and none is lost: they go out when the relay works again."
	}
	return []matter{t}
}

// waiting tells of digests that wait for too long, unless the relay is why.
func (c *scene) waiting() (out []matter) {
	standing := func(s ledger.State) (n int, oldest time.Duration) {
		of := c.said.Standings[s]
		if of.Oldest > 0 {
			of.Oldest += c.now.Sub(c.sighting.at) // since it was said
		}
		return of.N, of.Oldest
	}
	if n, oldest := standing(ledger.Pending); oldest > waitsTooLong && c.pulse.RelayFailures == 0 {
		out = append(out, matter{Title: "A digest has been waiting to be sent for " + stretch(oldest), Since: c.since(c.now.Add(-oldest)), Parts: c.lots(ledger.Pending, true),
			Readers: "Whoever is to get " + count(n, "it has not got it", "these has not got theirs") + " yet. None is lost.",
			Do:      "Their mail servers may have put them off, or mail.rate is too low for so many. This says which wait and why:",
			Cmds:    []string{c.command("ledger", "list", "--state", "pending")}})
	}
	if n, oldest := standing(ledger.Sending); oldest > waitsTooLong {
		out = append(out, matter{Title: "A digest has been on the line for " + stretch(oldest), Since: c.since(c.now.Add(-oldest)), Parts: c.lots(ledger.Sending, true),
			Readers: count(n, "reader", "readers") + " may still be without one. None is lost: a worker that runs takes it over when the lease of the one before has ended.",
			Do:      "A worker has died with it, or the relay is very slow. This says which:",
			Cmds:    []string{c.command("ledger", "list", "--state", "sending")}})
	}
	return out
}

// unknown tells of digests of which only a person can find out whether they were sent.
func (c *scene) unknown() []matter {
	n := c.said.Standings[ledger.Unknown].N
	if n == 0 {
		return nil
	}
	t := matter{Title: count(n, "digest", "digests") + " may or may not have arrived", Parts: c.lots(ledger.Unknown, true),
		Since:   c.since(c.now.Add(-c.said.Standings[ledger.Unknown].Oldest - c.now.Sub(c.sighting.at))),
		Readers: count(n, "reader", "readers") + " may be without it. Drumbeat sends it again only when you say so, lest somebody gets it twice.",
		Do:      "Ask the reader, or look into the relay's log. Then settle what has arrived (--as sent), and resend what has not, by the number that this shows:",
		Cmds:    []string{c.command("ledger", "list", "--state", "unknown")}}
	if lot := c.first(ledger.Unknown, true); n == 1 && lot.First > 0 {
		id := fmt.Sprint(lot.First)
		t.Do = "Look which it is, and ask its reader, or look into the relay's log. Then say that it has arrived, or send the same mail again:"
		t.Cmds = []string{c.command("ledger", "show", id), c.command("ledger", "settle", id, "--as", "sent"), c.command("ledger", "resend", id)}
	}
	return []matter{t}
}

// failed tells of digests of the last days that were refused, and of those that could not even be made.
func (c *scene) failed() (out []matter) {
	if n := c.sum(ledger.Failed, false); n > 0 {
		t := matter{Title: count(n, "digest", "digests") + " could not be made in the last week", Parts: c.lots(ledger.Failed, false),
			Readers: count(n, "reader has", "readers have") + " no digest of that time, and gets none until you run it again. Everybody else has theirs.",
			Do:      "See why. When that is mended," + c.workerStopped() + " the second command makes and sends what is missing, and nothing twice:"}
		t.Cmds = c.ofLot(c.first(ledger.Failed, false), true)
		out = append(out, t)
	}
	if n := c.sum(ledger.Failed, true); n > 0 {
		t := matter{Title: count(n, "digest was", "digests were") + " refused for good in the last week", Parts: c.lots(ledger.Failed, true),
			Readers: count(n, "reader has", "readers have") + " no digest of that time. It is kept, and is not sent again by itself.",
			Do: "See to whom and why. Mend the address in the CRM, or under people in the config, and run the period again; or send the same mail again with ledger resend. " +
				"What needs nothing more leaves this page with ledger settle NUMBER --as failed, or after a week:"}
		t.Cmds = c.ofLot(c.first(ledger.Failed, true), false)
		out = append(out, t)
	}
	return out
}

// leftOut tells of runs of the last days that nobody makes up for.
func (c *scene) leftOut() []matter {
	t := matter{Readers: "Nobody got these digests, and Drumbeat does not make up for them.",
		Do: "If they should go out all the same," + c.workerStopped() + " run them. Else there is nothing to do: this leaves the page a week after it was found out."}
	var names []string
	for _, r := range c.said.Runs {
		if r.LeftOut == "" || r.StartedAt.Before(c.clock.Add(-lately)) {
			continue
		}
		t.Parts = append(t.Parts, r.Schedule+" "+r.Period+": "+withoutMark(c.Plain(r.LeftOut)))
		if t.Cmds = append(t.Cmds, c.command("run", r.Schedule, "--as-of", r.Period)); !slices.Contains(names, r.Schedule) {
			names = append(names, r.Schedule)
		}
	}
	if len(names) == 0 {
		return nil
	}
	t.Title = listed(names) + ": left out"
	t.Cmds = t.Cmds[:min(len(t.Cmds), 3)]
	return []matter{t}
}

// refusedConfig tells of a changed config that could not be taken.
func (c *scene) refusedConfig() []matter {
	faults, at := c.Reload()
	if len(faults) == 0 {
		return nil
	}
	t := matter{Title: "A changed config could not be taken", Since: c.since(at), Here: true,
		Readers: "They get their digests as the config before says, which stays in force. Nothing is lost.",
		Do:      "Mend it at each place; it is taken by itself within seconds. This shows what is wrong as you go:",
		Cmds:    []string{c.command("check")}}
	t.Quote = faults
	return []matter{t}
}
