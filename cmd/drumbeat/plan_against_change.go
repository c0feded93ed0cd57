package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
)

// change is what plan --against prints; its JSON is for programs, and stands in the command's help.
type change struct {
	Against    string           `json:"against"`
	Config     string           `json:"config"`
	At         time.Time        `json:"at"`
	Week       changeWeek       `json:"week"`
	Ledger     bool             `json:"ledger"`
	Restart    bool             `json:"restart"`
	Verdict    string           `json:"verdict"`
	Calm       *time.Time       `json:"calm"`   // nil: not known, or not needed
	Counts     *effects         `json:"people"` // nil: not known, as of all below
	Schedules  []scheduleChange `json:"schedules"`
	Settings   []keyChange      `json:"settings"`
	Recipients []personChange   `json:"recipients"`
	Digests    []weekChange     `json:"digests"`

	Notes []string `json:"notes"`

	nothing bool
	zone    *time.Location
}

// changeWeek is a Monday and the Sunday after it, dates of the new config's zone.
type changeWeek struct {
	First string `json:"first"`
	Last  string `json:"last"`
	Zone  string `json:"zone"`
}

type keyChange struct {
	Key     string  `json:"key"`
	Old     *string `json:"old"` // nil: a secret, or too long to be read
	New     *string `json:"new"`
	Restart bool    `json:"restart"`
}

// What became of a schedule.
const (
	isSame    = "same"
	isChanged = "changed"
	isNew     = "new"
	isGone    = "gone"
	isRenamed = "renamed"
)

type scheduleChange struct {
	Schedule string      `json:"schedule"` // the new name, where there is one
	Was      *string     `json:"was"`      // another name
	State    string      `json:"state"`
	Keys     []keyChange `json:"keys"`
	Ticks    []tickMove  `json:"ticks"` // those that come next, side by side

	before, after *config.Schedule
}

type tickMove struct {
	Old    *agendaTick `json:"old"`
	New    *agendaTick `json:"new"`
	AtOnce bool        `json:"at_once"` // the new one is over, and made up for when the change is made
}

// change gathers everything that there is to say.
func (a *against) change() change {
	c := change{Against: a.old.Path, Config: a.new.Path, At: a.at.UTC(), Restart: a.restart, Ledger: a.oldHouse.state != nil, zone: a.new.Zone,
		Week:      changeWeek{First: a.from.String(), Last: (a.until - 1).String(), Zone: a.new.Zone.String()},
		Schedules: a.schedules(), Settings: otherKeys(a.old, a.new)}
	c.nothing = len(c.Settings) == 0
	for _, s := range c.Schedules {
		c.nothing = c.nothing && s.State == isSame
	}
	if a.meant != nil {
		c.Recipients = a.recipients(c.Schedules)
		c.nothing = c.nothing && len(c.Recipients) == 0
	}
	if a.known {
		c.Digests = a.digests(c.Schedules)
		c.Counts = countEffects(c.Digests)
		c.nothing = c.nothing && len(c.Digests) == 0
		if calm := a.calm.UTC(); !a.calm.IsZero() {
			c.Calm = &calm
		}
	}
	c.Verdict = c.verdict(a.refused)
	c.Notes = a.notes(c)
	return c
}

// schedules pairs those of the two configs by name, and those whose name alone seems to be another.
func (a *against) schedules() (all []scheduleChange) {
	gone := map[string]*config.Schedule{}
	for i := range a.old.Schedules {
		gone[a.old.Schedules[i].Name] = &a.old.Schedules[i]
	}
	for i := range a.new.Schedules {
		s := scheduleChange{Schedule: a.new.Schedules[i].Name, State: isNew, Keys: []keyChange{}, after: &a.new.Schedules[i]}
		if old := gone[s.Schedule]; old != nil {
			delete(gone, s.Schedule)
			s.State, s.before = isSame, old
		}
		all = append(all, s)
	}
	for i := range all {
		if all[i].State != isNew {
			continue
		}
		lone := func(s scheduleChange) bool { return s.State == isNew && s.after.Digest == all[i].after.Digest }
		others := slices.ContainsFunc(all[:i], lone) || slices.ContainsFunc(all[i+1:], lone)
		if old := a.alike(gone, all[i].after, !others); old != nil {
			delete(gone, old.Name)
			all[i].State, all[i].before, all[i].Was = isRenamed, old, &old.Name
		}
	}
	for i := range a.old.Schedules {
		if old := gone[a.old.Schedules[i].Name]; old != nil {
			all = append(all, scheduleChange{Schedule: old.Name, State: isGone, Keys: []keyChange{}, before: old})
		}
	}
	for i := range all {
		s := &all[i]
		if s.before != nil && s.after != nil {
			if s.Keys = scheduleKeys(*s.before, *s.after); len(s.Keys) > 0 && s.State == isSame {
				s.State = isChanged
			}
		}
		s.Ticks = a.ticks(s)
	}
	return all
}

// alike finds the schedule that a new one seems to go on with under another name: the same digest at the same time, or
// for the same people, or the only one that comes in the place of the only one that goes.
func (a *against) alike(gone map[string]*config.Schedule, s *config.Schedule, only bool) (found *config.Schedule) {
	best, rivals := 0, 0
	for _, old := range gone {
		if old.Digest == s.Digest {
			rivals++
		}
	}
	if only && rivals == 1 {
		best = -1
	}
	for i := range a.old.Schedules {
		old := gone[a.old.Schedules[i].Name]
		if old == nil || old.Digest != s.Digest {
			continue
		}
		n := 0
		if old.Cron == s.Cron {
			n++
		}
		if reflect.DeepEqual(old.Recipients, s.Recipients) {
			n++
		}
		if n > best {
			best, found = n, old
		}
	}
	return found
}

// scheduleKeys says which keys of a schedule have other values.
func scheduleKeys(old, new config.Schedule) []keyChange {
	keys := []keyChange{}
	zone := func(s config.Schedule) string {
		if s.RecipientZone {
			return "recipient"
		}
		return s.Zone.String()
	}
	list := func(l []string) string {
		if l == nil {
			return "not set"
		}
		return "[" + strings.Join(l, ", ") + "]"
	}
	for _, k := range []struct{ key, old, new string }{
		{"digest", old.Digest, new.Digest}, {"cron", old.Cron, new.Cron}, {"time_zone", zone(old), zone(new)}, {"window", string(old.Window), string(new.Window)},
		{"scope", old.Scope, new.Scope}, {"recipients.teams", list(old.Recipients.Teams), list(new.Recipients.Teams)},
		{"recipients.reps", list(old.Recipients.Reps), list(new.Recipients.Reps)},
		{"recipients.addresses", list(old.Recipients.Addresses), list(new.Recipients.Addresses)}, {"catch_up", old.CatchUp, new.CatchUp},
		{"max_age", shownDuration(old.MaxAge), shownDuration(new.MaxAge)}, {"skip_empty", fmt.Sprint(old.SkipEmpty), fmt.Sprint(new.SkipEmpty)},
	} {
		if k.old != k.new {
			keys = append(keys, keyChange{Key: k.key, Old: &k.old, New: &k.new})
		}
	}
	if old.Ping != new.Ping { // whoever knows it can call it
		keys = append(keys, keyChange{Key: "ping"})
	}
	return keys
}

// ticks are the next ones of a schedule before and after the change.
func (a *against) ticks(s *scheduleChange) []tickMove {
	next := func(of *config.Schedule, ticks []*agendaTick) []*agendaTick {
		if of == nil {
			return nil
		}
		for tick := of.Spec.Next(a.at, of.Zone); len(ticks) < a.next && !tick.IsZero(); tick = of.Spec.Next(tick, of.Zone) {
			t := tickOf(*of, tick)
			ticks = append(ticks, &t)
		}
		return ticks
	}
	atOnce := a.atOnce(s.after)
	old, now := next(s.before, nil), next(s.after, atOnce)
	moves := make([]tickMove, max(len(old), len(now)))
	for i := range moves {
		if i < len(old) {
			moves[i].Old = old[i]
		}
		if i < len(now) {
			moves[i].New, moves[i].AtOnce = now[i], i < len(atOnce)
		}
	}
	return moves
}

// atOnce are the ticks that a schedule makes up for when the change is made, as far as that is known.
func (a *against) atOnce(s *config.Schedule) (ticks []*agendaTick) {
	seen := map[time.Time]bool{}
	for _, f := range a.after {
		if s != nil && f.Schedule == s.Name && f.Made.Equal(a.at) && f.Tick.Before(a.at) && !f.Tick.IsZero() && !seen[f.Tick] {
			seen[f.Tick] = true
			t := tickOf(*s, f.Tick)
			ticks = append(ticks, &t)
		}
	}
	return ticks
}

// moved says whether a schedule's runs come at another time.
func (s scheduleChange) moved() bool {
	return s.State != isSame && (s.before == nil || s.after == nil || s.before.RecipientZone != s.after.RecipientZone ||
		slices.ContainsFunc(s.Ticks, func(m tickMove) bool {
			return m.Old == nil || m.New == nil || m.Old.UTC != m.New.UTC
		}))
}
