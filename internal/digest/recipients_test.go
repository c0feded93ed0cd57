package digest_test

import (
	"slices"
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/pipeline"
)

var monday = pipeline.NewDate(2026, 11, 9)

// people: a boss over two leads, one of whom sells; a lead's report who is a machine; a lone rep.
func people() []pipeline.Rep {
	rep := func(id, manager, team string) pipeline.Rep {
		return pipeline.Rep{ID: id, Name: strings.ToUpper(id), ManagerID: manager, Team: team, Email: id + "@Example.COM", Active: true}
	}
	machine := rep("api", "solo", "")
	machine.System = true
	return []pipeline.Rep{rep("boss", "", "HQ"), rep("lead1", "boss", "North"), rep("lead2", "boss", "South"),
		rep("a", "lead1", "North"), rep("b", "lead1", "North"), rep("c", "lead2", "South"), rep("solo", "gone", ""), machine}
}

// told writes who gets what as id=members, skipped ones as id!reason.
func told(rs []digest.Recipient) string {
	var out []string
	for _, r := range rs {
		s := r.Rep.ID + "=" + strings.Join(r.Members, "+")
		if r.Skip != "" {
			s = r.Rep.ID + "!" + r.Skip
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestWhoGetsWhat(t *testing.T) {
	change := func(id string, f func(*pipeline.Rep)) func([]pipeline.Rep) {
		return func(reps []pipeline.Rep) {
			i := slices.IndexFunc(reps, func(r pipeline.Rep) bool { return r.ID == id })
			f(&reps[i])
		}
	}
	managers := digest.Rule{Kind: digest.Manager}
	for _, c := range []struct {
		name   string
		rule   digest.Rule
		change func([]pipeline.Rep)
		want   string
	}{
		{"managers see direct reports and themselves", managers, nil, "boss=boss+lead1+lead2 lead1=a+b+lead1 lead2=c+lead2"},
		{"a tree is everybody below", digest.Rule{Kind: digest.Manager, Scope: digest.Tree}, nil, "boss=a+b+boss+c+lead1+lead2 lead1=a+b+lead1 lead2=c+lead2"},
		{"a circle of managers ends", digest.Rule{Kind: digest.Manager, Scope: digest.Tree}, change("boss", func(r *pipeline.Rep) { r.ManagerID = "lead1" }),
			"boss=a+b+boss+c+lead1+lead2 lead1=a+b+boss+c+lead1+lead2 lead2=c+lead2"},
		{"one's own manager manages nobody", managers, change("solo", func(r *pipeline.Rep) { r.ManagerID = "solo" }), "boss=boss+lead1+lead2 lead1=a+b+lead1 lead2=c+lead2"},
		{"every rep gets the own deals, machines none", digest.Rule{Kind: digest.Rep}, nil, "a=a b=b boss=boss c=c lead1=lead1 lead2=lead2 solo=solo"},
		{"a team", digest.Rule{Kind: digest.Rep, Teams: []string{"North"}}, nil, "a=a b=b lead1=lead1"},
		{"a team and a name are the union", digest.Rule{Kind: digest.Rep, Teams: []string{"South"}, Reps: []string{"a", "nobody"}}, nil, "a=a c=c lead2=lead2"},
		{"a manager's team", digest.Rule{Kind: digest.Manager, Teams: []string{"South"}}, nil, "lead2=c+lead2"},
		{"an empty list is nobody", digest.Rule{Kind: digest.Rep, Teams: []string{}}, nil, ""},
		{"inactive", managers, change("lead1", func(r *pipeline.Rep) { r.Active = false }), "boss=boss+lead1+lead2 lead1!inactive lead2=c+lead2"},
		{"away, both ends included", managers, change("lead1", func(r *pipeline.Rep) { r.Away = []pipeline.DateRange{{From: monday - 3, To: monday}} }), "boss=boss+lead1+lead2 lead1!away lead2=c+lead2"},
		{"back from holiday", managers, change("lead1", func(r *pipeline.Rep) { r.Away = []pipeline.DateRange{{From: monday - 3, To: monday - 1}} }), "boss=boss+lead1+lead2 lead1=a+b+lead1 lead2=c+lead2"},
		{"no address", managers, change("lead2", func(r *pipeline.Rep) { r.Email = " " }), "boss=boss+lead1+lead2 lead1=a+b+lead1 lead2!no address"},
		{"an address that is none", managers, change("lead2", func(r *pipeline.Rep) { r.Email = "x@y\r\nBcc: z" }), "boss=boss+lead1+lead2 lead1=a+b+lead1 lead2!the address cannot be used"},
		{"opted out", digest.Rule{Kind: digest.Manager, OptedOut: map[string]bool{"lead2@example.com": true}}, nil, "boss=boss+lead1+lead2 lead1=a+b+lead1 lead2!opted out"},
		{"receives another digest only", managers, change("lead1", func(r *pipeline.Rep) { r.Receives = []string{"rep"} }), "boss=boss+lead1+lead2 lead1!receives other digests only lead2=c+lead2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reps := people()
			if c.change != nil {
				c.change(reps)
			}
			if got := told(digest.Recipients(c.rule, reps, monday)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAdminDigestsGoToAddressesAndThoseWhoReceiveThem(t *testing.T) {
	reps := people()
	reps[0].Receives = []string{"admin", "manager"}
	got := digest.Recipients(digest.Rule{Kind: digest.Admin, Addresses: []string{"Ops@EXAMPLE.com", "boss@example.com", "ops@example.com", "Ops@example.com", "nonsense"}}, reps, monday)
	var addrs []string
	for _, r := range got {
		addrs = append(addrs, r.Address+"/"+r.Skip)
	}
	if s := strings.Join(addrs, " "); s != "boss@example.com/ Ops@example.com/ ops@example.com/ /the address cannot be used" {
		t.Errorf("got %s", s)
	}
}

func TestAddressIsNormalised(t *testing.T) {
	for in, want := range map[string]string{
		"A.Park@Example.COM": "A.Park@example.com", " x@y.org ": "x@y.org", "Ada <ada@Y.org>": "ada@y.org",
		"": "", "x": "", "x@": "", "a@b\nc": "", "a@b, c@d": "", "x@[127.0.0.1]": "",
	} {
		if got, ok := digest.Address(in); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", in, got, ok)
		}
	}
}
