package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/health"
)

// How much a digest shows of each: what is left out is counted.
const (
	agendaRows    = 7
	coachedReps   = 8
	pointsPerRep  = 3
	praisedWins   = 3
	praisedLosses = 2
	praisedReps   = 3
	tableRows     = 25
)

func (b *builder) composeTeam(d *Digest) {
	team := b.teamName()
	d.Title = team + ", " + b.when.Label
	news := b.news()
	d.News = sentenceOf(news)
	d.Preheader = preheader(news, "Your team's deals and figures at a glance.")
	d.Subject = subject(d.Title, b.headlines())
	d.Team = &TeamPart{Well: b.teamPraise(), Focus: b.focus(), Table: b.teamTable(), Reality: b.reality(), Record: b.questionsOnRecord()}
	d.Team.Agenda, d.Team.AgendaMore = b.review()
	d.Team.Moved, d.Team.Announced = b.followUp(), b.announced()
	if len(d.Team.Agenda) > 1 {
		d.Team.AgendaLead = b.agendaOrder()
	}
	d.Team.Coaching, d.Team.CoachMore = b.coaching()
	if len(d.Team.Coaching) > 0 {
		d.Team.CoachLead = b.coachingLead()
	}
}

// review is the agenda of the pipeline review, one question to each deal.
func (b *builder) review() (rows []DealRow, more string) {
	all, asked := b.agenda(), once{}
	for i, deal := range all[:min(agendaRows, len(all))] {
		row := b.row(deal)
		row.Rank, row.Rep, row.Ask = i+1, b.rep(deal.RepID.V), asked.pick(b.questions(deal), i+1)
		rows = append(rows, row)
	}
	if n := len(all) - agendaRows; n > 0 {
		more = "And " + count(n, "more deal", "more deals") + " with something to ask about."
	}
	return rows, more
}

// agendaOrder says the order in words, of what the source knows: without amounts the concerns alone decide.
func (b *builder) agendaOrder() string {
	by := "those with the most concerns"
	if b.r.AnyAmount {
		by = "the largest amounts with the most concerns"
	}
	if slices.ContainsFunc(b.r.Deals, func(d health.Deal) bool { return d.Committed && len(d.Concerns) > 0 }) {
		return "Committed deals with a concern come first, then " + by + "."
	}
	return upper(by) + " come first."
}

// teamName is the team's where all reports share one, else the manager's own, else "Your team".
func (b *builder) teamName() string {
	own := cmp.Or(line(b.in.Recipient.Rep.Team, 24), "Your team")
	name := ""
	for _, r := range b.r.Reps {
		if r.ID == b.in.Recipient.Rep.ID {
			continue
		}
		t := line(r.Team.Or(""), 24)
		if t == "" || name != "" && t != name {
			return own
		}
		name = t
	}
	return cmp.Or(name, own)
}

// headlines are the subject's news, each item in its ways to say it from the longest.
func (b *builder) headlines() [][]string {
	if b.stale() {
		return b.stopHeadline()
	}
	var out [][]string
	if st := b.r.Figures.Stall; st != nil && st.StalledDeals > 0 {
		n := count(st.StalledDeals, "deal", "deals")
		ways := []string{n + noun(st.StalledDeals, " stands still", " stand still"), n + " stalled"}
		in := ""
		if where, most, seen := b.whereStalled(); most == seen && seen == st.StalledDeals {
			in = " in " + where
			ways = append([]string{n + " stalled" + in}, ways...)
		}
		if amount := b.stalledAmount(); amount != "" {
			ways = append([]string{n + " worth " + amount + " stalled" + in, n + " worth " + amount + " stalled", amount + " stalled in " + n}, ways...)
		}
		out = append(out, ways)
	}
	if a := b.r.Figures.Adherence; a != nil && !b.misfit() {
		if h := b.headline(a); h.judged && h.Rate.OK {
			short := "adherence " + percent(h.Rate.V)
			if !h.all {
				short = percent(h.Rate.V) + " of " + h.many + " met"
			}
			out = append(out, []string{of(h.Met, h.Due) + " " + h.many + " met" + b.upOrDown(a), short + b.upOrDown(a)})
		}
	}
	if s := b.ended(); s != "" {
		out = append(out, []string{s})
	}
	if n := b.moves(); n > 0 {
		out = append(out, []string{count(n, "move", "moves")})
	}
	return out
}

// subjectLimit: phones and lists cut longer ones.
const subjectLimit = 60

// subject adds to the title the news that fits under 60 characters: the first two items in the longest words
// that leave room for both, the others only where they cost the first nothing.
func subject(title string, items [][]string) string {
	const first = 2
	best, said := title, [][]string(nil)
	for i, item := range items {
		more := append(slices.Clone(said), item)
		s, ok := longest(title+":", more, " ")
		if ok && i >= first {
			s, ok = longest(best, [][]string{item}, ", ")
		}
		if ok {
			best, said = s, more
		}
	}
	return best
}

// longest tries every way to say the items, the longer ways of the later items first to go.
func longest(s string, items [][]string, sep string) (string, bool) {
	if len(items) == 0 {
		return s, len([]rune(s)) < subjectLimit
	}
	for _, way := range items[0] {
		if out, ok := longest(s+sep+way, items[1:], ", "); ok {
			return out, true
		}
	}
	return s, false
}

// preheader is as much of the news as 120 characters hold, filled up to 40.
func preheader(news []string, more string) string {
	n := len(news)
	for n > 1 && len([]rune(sentenceOf(news[:n]))) > 120 {
		n--
	}
	s := sentenceOf(news[:n])
	if len([]rune(s)) < 40 {
		s += " " + more
	}
	return line(plain(s), 120)
}

func sentenceOf(parts []string) string { return upper(strings.Join(parts, "; ")) + "." }

// news is the week in one sentence, in parts: the first matter most.
func (b *builder) news() []string {
	if b.stale() {
		return []string{"there is no news of the " + b.when.Noun + ": nothing in the data is newer than " + b.date(b.newest())}
	}
	var parts []string
	if s := b.standing(); s != "" {
		parts = append(parts, s)
	}
	if a := b.r.Figures.Adherence; a != nil && a.Due > 0 && !b.misfit() {
		h := b.headline(a)
		s := of(h.Met, h.Due) + " " + noun(h.Due, h.one, h.many) + " met"
		if h.judged && h.Rate.OK {
			parts = append(parts, s+" ("+percent(h.Rate.V)+b.upOrDown(a)+")")
		} else {
			parts = append(parts, s+", "+tooFew)
		}
	}
	if s := b.ended(); s != "" {
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		if b.misfit() {
			return []string{"the process does not know the stages that most open deals are in"}
		}
		if n := b.moves(); n > 0 {
			return []string{count(n, "move", "moves") + " in the " + b.when.Noun, "nothing was due yet"}
		}
		if b.unmappedMisleads() {
			return []string{"the process knows none of the stages that deals moved to in the " + b.when.Noun}
		}
		return []string{"a quiet " + b.when.Noun + ": nothing moved and nothing was due"}
	}
	return parts
}

// upOrDown adds to a rate by how many hundredths it changed, where that is beyond noise.
func (b *builder) upOrDown(a *health.Adherence) string {
	c := a.Change
	n := points(c.Diff.V)
	switch {
	case !c.Low.OK || !c.High.OK || !a.Judged || !b.headline(a).all:
		return ""
	case c.Low.V > 0 && n > 0:
		return ", up " + whole(n)
	case c.High.V < 0 && n < 0:
		return ", down " + whole(-n)
	}
	return ""
}

// ended says how many deals were won and lost in the window, as far as it is known.
func (b *builder) ended() string {
	won, lost := b.won(), len(b.r.Lost)
	switch {
	case won > 0 && lost > 0:
		return count(won, "deal", "deals") + " won, " + whole(lost) + " lost"
	case won > 0:
		return count(won, "deal", "deals") + " won"
	case lost > 0:
		return count(lost, "deal", "deals") + " lost"
	}
	return ""
}

// won counts the wins of the window.
func (b *builder) won() (n int) {
	for _, c := range b.r.Closed {
		if c.Won {
			n++
		}
	}
	return n
}

// standing says how many deals stand still, what they are worth and where.
func (b *builder) standing() string {
	st := b.r.Figures.Stall
	if st == nil || st.OpenDeals == 0 {
		return ""
	}
	if st.StalledDeals == 0 {
		if b.placeless() {
			return ""
		}
		return noun(st.OpenDeals, "the one open deal is within its usual time", "none of the "+whole(st.OpenDeals)+" open deals stands still")
	}
	s := count(st.StalledDeals, "deal", "deals")
	if amount := b.stalledAmount(); amount != "" {
		s += " worth " + amount
	}
	s += noun(st.StalledDeals, " stands still", " stand still")
	where, n, seen := b.whereStalled()
	switch {
	case where == "" || seen != st.StalledDeals:
		return s
	case n == seen:
		return s + " in " + where
	case 2*n > seen:
		return s + fmt.Sprintf(", most of them (%d) in %s", n, where)
	}
	return s
}

// whereStalled names the stage in which most deals stand still, how many of them, and how many of all are known.
func (b *builder) whereStalled() (stage string, n, seen int) {
	where, top := map[string]int{}, ""
	for _, d := range b.r.Deals {
		if d.Stalled.Or(false) && d.Stage.OK {
			where[d.Stage.V]++
			seen++
		}
	}
	for _, stage := range b.r.Stages { // process order settles ties
		if where[stage.Key] > where[top] {
			top = stage.Key
		}
	}
	if top == "" {
		return "", 0, seen
	}
	return b.stageName(top), where[top], seen
}
