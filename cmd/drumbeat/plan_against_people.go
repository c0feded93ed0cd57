package main

import (
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/config"
	"drumbeat/internal/worker"
)

// What became of a recipient of a schedule.
const (
	isAdded     = "added"
	isDropped   = "dropped"
	isElsewhere = "address"
	isOtherTeam = "scope"
)

type personChange struct {
	Schedule string  `json:"schedule"`
	Kind     string  `json:"kind"`
	Rep      *string `json:"rep"`
	Name     *string `json:"name"`
	Change   string  `json:"change"`
	Address  *string `json:"address"`     // the new one, where there are two
	Before   *string `json:"old_address"` // nil: the same, or none
	Reps     *int    `json:"reps"`        // in scope
	RepsOld  *int    `json:"old_reps"`
	Why      *string `json:"why"`
}

// person tells recipients apart: a rep, or, of admins, an address.
func person(p worker.Prospect) string {
	if p.Rep.ID != "" {
		return p.Rep.ID
	}
	return "<" + p.Address + ">"
}

// recipients compares whom the schedules mean, by people and not by addresses: who has another address is the same reader.
func (a *against) recipients(schedules []scheduleChange) (all []personChange) {
	all = []personChange{}
	for _, s := range schedules {
		var before, after []worker.Prospect
		if s.before != nil {
			before = a.meant["old"][s.before.Name]
		}
		if s.after != nil {
			after = a.meant["new"][s.after.Name]
		}
		kind, otherKind := config.Admin, s.before != nil && s.after != nil && s.before.Digest != s.after.Digest
		for _, side := range []*config.Schedule{s.before, s.after} {
			if side != nil {
				kind = side.Digest
			}
		}
		for _, b := range before {
			i := slices.IndexFunc(after, func(p worker.Prospect) bool { return person(p) == person(b) })
			switch {
			case b.Skip != "":
			case i < 0 || after[i].Skip != "" || otherKind:
				why := a.whyDropped(s, b, after)
				if otherKind && i >= 0 && after[i].Skip == "" {
					why = "another kind of digest"
				}
				all = append(all, personOf(s, s.before.Digest, isDropped, b, why))
			case after[i].Address != b.Address:
				c := personOf(s, kind, isElsewhere, after[i], "")
				c.Before = orNull(b.Address)
				all = append(all, c)
			case !slices.Equal(after[i].Members, b.Members):
				c := personOf(s, kind, isOtherTeam, after[i], "")
				n := len(b.Members)
				c.RepsOld = &n
				all = append(all, c)
			}
		}
		for _, p := range after {
			i := slices.IndexFunc(before, func(b worker.Prospect) bool { return person(b) == person(p) })
			if p.Skip == "" && (i < 0 || before[i].Skip != "" || otherKind) {
				why := ""
				if i >= 0 && before[i].Skip != "" {
					why = "was: " + before[i].Skip
				}
				all = append(all, personOf(s, kind, isAdded, p, why))
			}
		}
	}
	return all
}

func personOf(s scheduleChange, kind, what string, p worker.Prospect, why string) personChange {
	n := len(p.Members)
	return personChange{Schedule: s.Schedule, Kind: kind, Rep: orNull(p.Rep.ID), Name: orNull(p.Rep.Name), Change: what, Address: orNull(p.Address), Reps: &n, Why: orNull(why)}
}

// whyDropped says why a schedule means somebody no more.
func (a *against) whyDropped(s scheduleChange, p worker.Prospect, after []worker.Prospect) string {
	if i := slices.IndexFunc(after, func(n worker.Prospect) bool { return person(n) == person(p) }); i >= 0 {
		return after[i].Skip
	}
	if s.after == nil {
		return "the schedule is gone"
	}
	there := slices.IndexFunc(a.newHouse.people(), func(id string) bool { return id == p.Rep.ID })
	to := s.after.Recipients
	switch {
	case p.Rep.ID == "":
		return "no longer under recipients.addresses"
	case there < 0:
		return "the source does not have this person"
	case to.Teams != nil && p.Rep.Team != "" && !slices.Contains(to.Teams, p.Rep.Team):
		return fmt.Sprintf("team %s is not under recipients", p.Rep.Team)
	case to.Teams != nil && p.Rep.Team == "":
		return "without a team, and not under recipients"
	case to.Teams != nil || to.Reps != nil:
		return "not under recipients"
	case s.after.Digest == config.Manager:
		return "nobody reports to this person"
	}
	return "not meant by " + s.after.Name
}

// people are the ids of those whom a held source has.
func (h *house) people() (ids []string) {
	held, _ := h.Source.(worker.Held)
	for _, r := range held {
		ids = append(ids, r.ID)
	}
	for _, p := range h.Config.People {
		ids = append(ids, p.Rep)
	}
	return ids
}

// who names a reader: the address, and, where there is none, the person.
func (p personChange) who() string {
	if p.Address != nil {
		if p.Before != nil {
			return *p.Before + " → " + *p.Address
		}
		return *p.Address
	}
	return strings.Join(strings.Fields(agendaRecipient{Name: p.Name, Rep: p.Rep}.who()), " ")
}
