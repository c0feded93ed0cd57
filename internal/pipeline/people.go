package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Person is what the config says about a rep, over what the source says. An empty value overrides nothing.
type Person struct {
	Rep      string // the rep's id
	Name     string
	Email    string
	Manager  string // a rep's id
	Team     string
	TimeZone string // IANA
	Locale   string
	Active   Opt[bool]
	System   Opt[bool]
	Away     []DateRange // inclusive
	Receives []string    // kinds of digest; nil: those of the person's role
}

// Overlay gives the reps with the people of the config over and beside them, by id in byte order; reps stays
// as it was. A person whom the source lacks is added, active by default, and must have a name and an e-mail
// address: the error names each one without.
func Overlay(reps []Rep, people []Person) ([]Rep, error) {
	out := slices.Clone(reps)
	at := make(map[string]int, len(out))
	for i, r := range out {
		at[r.ID] = i
	}
	var unknown []error
	for _, p := range people {
		i, ok := at[p.Rep]
		if !ok {
			if strings.TrimSpace(p.Name) == "" || p.Email == "" {
				unknown = append(unknown, fmt.Errorf("people: %s: the source has no such rep; correct the id, or give name and email to add this person", p.Rep))
				continue
			}
			i = len(out)
			at[p.Rep] = i
			out = append(out, Rep{ID: p.Rep, Active: true})
		}
		p.over(&out[i])
	}
	if err := errors.Join(unknown...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Rep) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (p Person) over(r *Rep) {
	r.Name = cmp.Or(p.Name, r.Name)
	r.Email = cmp.Or(p.Email, r.Email)
	r.ManagerID = cmp.Or(p.Manager, r.ManagerID)
	r.Team = cmp.Or(p.Team, r.Team)
	r.TimeZone = cmp.Or(p.TimeZone, r.TimeZone)
	r.Locale = cmp.Or(p.Locale, r.Locale)
	r.Active = p.Active.Or(r.Active)
	r.System = p.System.Or(r.System)
	if p.Away != nil {
		r.Away = p.Away
	}
	if p.Receives != nil {
		r.Receives = p.Receives
	}
}
