package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/worker"
)

// What a change does to somebody's digests of one kind in this week.
const (
	isMissing = "missing" // none, and without the change there is one
	isTwice   = "twice"   // more than without the change
	isFewer   = "fewer"
	isFirst   = "first" // one, or more, and without the change there is none
)

// effects counts people.
type effects struct {
	Missing int `json:"missing"`
	Twice   int `json:"twice"`
	Fewer   int `json:"fewer"`
	First   int `json:"first"`
}

type weekChange struct {
	Effect  string       `json:"effect"`
	Kind    string       `json:"kind"`
	Rep     *string      `json:"rep"`
	Name    *string      `json:"name"`
	Address string       `json:"address"`
	Before  []weekDigest `json:"before"`
	After   []weekDigest `json:"after"`
	Why     *string      `json:"why"`
	Mend    *string      `json:"mend"`
}

type weekDigest struct {
	Schedule string     `json:"schedule"`
	Period   string     `json:"period"`
	Sent     bool       `json:"sent"` // made before the change
	AtOnce   bool       `json:"at_once"`
	At       *time.Time `json:"at"` // when it goes, or went; null: not known
}

// digests compares the week of each reader with and without the change. A reader is a rep, whatever the address.
func (a *against) digests(schedules []scheduleChange) []weekChange {
	type reader struct{ who, kind string }
	lives := [2]map[reader][]worker.Foretold{{}, {}}
	var readers []reader
	for i, all := range [][]worker.Foretold{a.before, a.after} {
		for _, f := range all {
			r := reader{readerOf(f), f.Kind}
			if !f.Goes() {
				continue
			}
			if lives[0][r] == nil && lives[1][r] == nil {
				readers = append(readers, r)
			}
			lives[i][r] = append(lives[i][r], f)
		}
	}
	slices.SortFunc(readers, func(x, y reader) int { return strings.Compare(x.kind+x.who, y.kind+y.who) })
	out := []weekChange{}
	for _, r := range readers {
		before, after := lives[0][r], lives[1][r]
		c := weekChange{Kind: r.kind, Before: a.week(before), After: a.week(after)}
		switch n := len(before); {
		case len(after) == n:
			continue
		case len(after) == 0:
			c.Effect = isMissing
		case len(after) < n:
			c.Effect = isFewer
		case n == 0:
			c.Effect = isFirst
		default:
			c.Effect = isTwice
		}
		last := slices.Concat(before, after)[len(before)+len(after)-1]
		c.Address, c.Rep = last.Recipient, orNull(last.RepID)
		c.Name = a.nameOf(last.RepID)
		if lost := lostOf(before, after); lost != nil && len(after) < len(before) {
			why, mend := a.whyLost(*lost, schedules)
			c.Why, c.Mend = orNull(why), orNull(mend)
		}
		out = append(out, c)
	}
	return out
}

func (a *against) week(all []worker.Foretold) []weekDigest {
	out := []weekDigest{}
	for _, f := range all {
		d := weekDigest{Schedule: f.Schedule, Period: f.Period, Sent: f.Made.Before(a.at), AtOnce: f.Made.Equal(a.at) && f.Tick.Before(a.at)}
		if !f.At.IsZero() {
			at := f.At.UTC()
			d.At = &at
		}
		out = append(out, d)
	}
	return out
}

// nameOf is a person's name by either config.
func (a *against) nameOf(rep string) *string {
	for _, of := range a.meant {
		for _, people := range of {
			for _, p := range people {
				if rep != "" && p.Rep.ID == rep {
					return orNull(p.Rep.Name)
				}
			}
		}
	}
	return nil
}

// lostOf is the first digest that there would have been without the change.
func lostOf(before, after []worker.Foretold) *worker.Foretold {
	for i, f := range before {
		if !slices.ContainsFunc(after, func(g worker.Foretold) bool { return g.Key == f.Key }) {
			return &before[i]
		}
	}
	return nil
}

// whyLost says why the change costs somebody a digest, and what mends it.
func (a *against) whyLost(lost worker.Foretold, schedules []scheduleChange) (why, mend string) {
	if a.refused {
		return "the worker does not begin", ""
	}
	for i := range a.new.Schedules {
		s := &a.new.Schedules[i]
		if s.Digest != lost.Kind || !slices.ContainsFunc(a.meant["new"][s.Name], func(p worker.Prospect) bool { return p.Skip == "" && person(p) == readerOf(lost) }) {
			continue
		}
		last := s.Spec.Last(a.at, s.Zone)
		day := pipeline.DateOf(last, a.new.Zone)
		if !last.IsZero() && day >= a.from && day < a.until {
			mend = fmt.Sprintf("drumbeat run %s --as-of %s --config %s", shellWord(s.Name), day, shellWord(a.new.Path))
		}
		return a.whyNotMade(s, schedules), mend
	}
	return a.whyNotMeant(lost, schedules), ""
}

// whyNotMade says why a schedule that means somebody makes nothing for them in this week.
func (a *against) whyNotMade(s *config.Schedule, schedules []scheduleChange) string {
	next := "its next tick, " + a.local(s.Spec.Next(a.at, s.Zone))
	i := slices.IndexFunc(schedules, func(c scheduleChange) bool { return c.Schedule == s.Name })
	last := s.Spec.Last(a.at, s.Zone)
	switch {
	case i >= 0 && schedules[i].before == nil || i >= 0 && schedules[i].State == isRenamed:
		return fmt.Sprintf("%s is a new name, and begins with %s", s.Name, next)
	case pipeline.DateOf(last, a.new.Zone) >= a.from:
		age := ""
		if s.CatchUp == "last" {
			age = "; of those that are over it makes the last one"
		}
		return fmt.Sprintf("%s was due on %s, which it does not make up for (catch_up: %s, max_age: %s%s); then comes %s", s.Name, a.local(last), s.CatchUp, shownDuration(s.MaxAge), age, next)
	}
	return fmt.Sprintf("%s goes out again with %s", s.Name, next)
}

// whyNotMeant says why no schedule means somebody.
func (a *against) whyNotMeant(lost worker.Foretold, schedules []scheduleChange) string {
	for _, s := range schedules {
		if s.before == nil || s.before.Name != lost.Schedule {
			continue
		}
		if s.after == nil {
			return "the schedule " + lost.Schedule + " is gone"
		}
		for _, p := range a.meant["old"][lost.Schedule] {
			if person(p) == readerOf(lost) {
				return a.whyDropped(s, p, a.meant["new"][s.after.Name])
			}
		}
	}
	return "no schedule means this reader"
}

// readerOf is the person of a digest.
func readerOf(f worker.Foretold) string {
	if f.RepID != "" {
		return f.RepID
	}
	return "<" + f.Recipient + ">"
}

// local is an instant on the clock of the new config's zone.
func (a *against) local(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return localTime(t, a.new.Zone)
}

func localTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04")
}

// shellWord is a word of a command line.
func shellWord(word string) string {
	if strings.ContainsAny(word, " '\"$&;()<>|*?\\") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// countEffects counts each person once, whose kinds of digest may fare differently.
func countEffects(all []weekChange) *effects {
	n, seen := new(effects), map[string]bool{}
	for _, c := range all {
		who := c.Effect + " " + c.Address
		if c.Rep != nil {
			who = c.Effect + " " + *c.Rep
		}
		if seen[who] {
			continue
		}
		seen[who] = true
		switch c.Effect {
		case isMissing:
			n.Missing++
		case isTwice:
			n.Twice++
		case isFewer:
			n.Fewer++
		case isFirst:
			n.First++
		}
	}
	return n
}
