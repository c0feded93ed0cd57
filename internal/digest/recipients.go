package digest

import (
	"net/mail"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// Scope of a manager's digest.
type Scope string

// Direct covers the direct reports and the manager's own deals, Tree everyone below.
const (
	Direct Scope = "direct"
	Tree   Scope = "tree"
)

// Rule is a schedule's say in who gets its digest.
type Rule struct {
	Kind      Kind
	Scope     Scope           // empty: Direct
	Teams     []string        // values of Rep.Team; with Reps the union, both nil: everybody of that kind
	Reps      []string        // ids
	Addresses []string        // of an Admin digest only
	OptedOut  map[string]bool // normalised addresses
}

// Recipient is one person and one digest.
type Recipient struct {
	Rep     pipeline.Rep
	Kind    Kind
	Members []string // ids of the reps in scope, sorted
	Address string   // normalised; empty: none
	Skip    string   // why there is no mail; empty: there is one
}

// The reasons to skip a recipient. Whoever finds a digest empty adds SkipEmpty.
const (
	SkipInactive  = "inactive"
	SkipAway      = "away"
	SkipNoAddress = "no address"
	SkipAddress   = "the address cannot be used"
	SkipOptedOut  = "opted out"
	SkipReceives  = "receives other digests only"
	SkipEmpty     = "nothing to say"
)

// Recipients lists everybody whom the rule means, by id, those who get nothing with the reason. A manager
// is a rep whom a person's ManagerID names; system users are no people. On is the local date of the run.
func Recipients(rule Rule, reps []pipeline.Rep, on pipeline.Date) []Recipient {
	reports := map[string][]string{}
	for _, r := range reps {
		if !r.System && r.ManagerID != "" && r.ManagerID != r.ID {
			reports[r.ManagerID] = append(reports[r.ManagerID], r.ID)
		}
	}
	var out []Recipient
	for _, r := range reps {
		if r.System {
			continue
		}
		to := Recipient{Rep: r, Kind: rule.Kind}
		switch rule.Kind {
		case Manager:
			if len(reports[r.ID]) == 0 || !rule.names(r) {
				continue
			}
			to.Members = members(r.ID, reports, rule.Scope)
		case Rep:
			if !rule.names(r) {
				continue
			}
			to.Members = []string{r.ID}
		default:
			if !slices.Contains(r.Receives, string(Admin)) {
				continue
			}
		}
		to.Address, to.Skip = rule.address(r, on)
		out = append(out, to)
	}
	slices.SortStableFunc(out, func(a, b Recipient) int { return strings.Compare(a.Rep.ID, b.Rep.ID) })
	if rule.Kind == Admin {
		out = append(out, rule.admins(out)...)
	}
	return out
}

// names says whether the rule means that rep.
func (rule Rule) names(r pipeline.Rep) bool {
	if rule.Teams == nil && rule.Reps == nil {
		return true
	}
	return r.Team != "" && slices.Contains(rule.Teams, r.Team) || slices.Contains(rule.Reps, r.ID)
}

// admins are the plain addresses of an admin digest that no person listed before has.
func (rule Rule) admins(people []Recipient) []Recipient {
	seen := map[string]bool{}
	for _, p := range people {
		seen[p.Address] = true
	}
	var out []Recipient
	for _, given := range rule.Addresses {
		addr, ok := Address(given)
		if ok && seen[addr] {
			continue
		}
		seen[addr] = true
		to := Recipient{Rep: pipeline.Rep{Email: given, Active: true}, Kind: Admin, Address: addr}
		if !ok {
			to.Skip = SkipAddress
		} else if rule.OptedOut[addr] {
			to.Skip = SkipOptedOut
		}
		out = append(out, to)
	}
	return out
}

// address gives where the digest goes, and why it does not.
func (rule Rule) address(r pipeline.Rep, on pipeline.Date) (addr, skip string) {
	addr, ok := Address(r.Email)
	switch {
	case !r.Active:
		return addr, SkipInactive
	case r.Receives != nil && !slices.Contains(r.Receives, string(rule.Kind)):
		return addr, SkipReceives
	case r.AwayOn(on):
		return addr, SkipAway
	case strings.TrimSpace(r.Email) == "":
		return "", SkipNoAddress
	case !ok:
		return "", SkipAddress
	case rule.OptedOut[addr]:
		return addr, SkipOptedOut
	}
	return addr, ""
}

// members are the manager and the reports below; someone met twice (a cycle of managers) counts once.
func members(id string, reports map[string][]string, scope Scope) []string {
	seen := map[string]bool{id: true}
	queue := []string{id}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, r := range reports[next] {
			if seen[r] {
				continue
			}
			seen[r] = true
			if scope == Tree {
				queue = append(queue, r)
			}
		}
	}
	out := make([]string, 0, len(seen))
	for m := range seen {
		out = append(out, m)
	}
	slices.Sort(out)
	return out
}

// Address normalises a mail address: trimmed, its domain lower-cased, no display name. It says false for
// what no mail can be sent to.
func Address(s string) (string, bool) {
	a, err := mail.ParseAddress(strings.TrimSpace(s))
	if err != nil || strings.ContainsAny(a.Address, "\r\n \t<>\"") {
		return "", false
	}
	at := strings.LastIndexByte(a.Address, '@')
	local, domain := a.Address[:at], strings.ToLower(a.Address[at+1:])
	if local == "" || domain == "" || strings.HasPrefix(domain, "[") {
		return "", false
	}
	return local + "@" + domain, true
}
