package digest

import (
	"cmp"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/words"
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
	d.Title = b.say("title", "team", team, "label", b.when.Label, "whole", b.when.Whole)
	news := b.news()
	d.News = sentenceOf(news)
	d.Preheader = preheader(news, b.say("at a glance"))
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
		row.Rank, row.Rep, row.Ask = i+1, b.rep(deal.RepID.V), b.asked(asked, b.questions(deal), i+1)
		rows = append(rows, row)
	}
	if n := len(all) - agendaRows; n > 0 {
		more = b.say("agenda more", "n", n)
	}
	return rows, more
}

// agendaOrder says the order in words, of what the source knows: without amounts the concerns alone decide.
func (b *builder) agendaOrder() string {
	return b.say("agenda order", "amounts", b.r.AnyAmount,
		"committed", slices.ContainsFunc(b.r.Deals, func(d health.Deal) bool { return d.Committed && len(d.Concerns) > 0 }))
}

// teamName is the team's where all reports share one, else the manager's own, else "Your team".
func (b *builder) teamName() string {
	own := cmp.Or(line(b.in.Recipient.Rep.Team, 24), b.say("your team"))
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
		out = append(out, b.stalledHeadlines(st.StalledDeals))
	}
	if a := b.r.Figures.Adherence; a != nil && !b.misfit() {
		if h := b.headline(a); h.judged && h.Rate.OK {
			data := []any{"met", h.Met, "due", h.Due, "rate", h.Rate.V, "kind", h.kind, "up", b.upOrDown(a)}
			out = append(out, []string{b.say("headline adherence", data...), b.say("headline rate", data...)})
		}
	}
	if s := b.ended(); s != "" {
		out = append(out, []string{s})
	}
	if n := b.moves(); n > 0 {
		out = append(out, []string{b.say("headline moves", "n", n)})
	}
	return out
}

// stalledHeadlines say that so many deals stand still, in every way from the longest.
func (b *builder) stalledHeadlines(n int) (ways []string) {
	stalled := func(amount, stage string) string {
		return b.say("headline stalled", "n", n, "amount", amount, "stage", stage)
	}
	in := ""
	if where, most, seen := b.whereStalled(); most == seen && seen == n {
		in = where
	}
	if amount := b.stalledAmount(); amount != "" {
		ways = append(ways, stalled(amount, in), stalled(amount, ""), b.say("headline amount", "n", n, "amount", amount))
	}
	if in != "" {
		ways = append(ways, stalled("", in))
	}
	return append(ways, b.say("headline stand still", "n", n), stalled("", ""))
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
		return []string{b.say("news stale", "date", b.date(b.newest()))}
	}
	var parts []string
	if s := b.standing(); s != "" {
		parts = append(parts, s)
	}
	if a := b.r.Figures.Adherence; a != nil && a.Due > 0 && !b.misfit() {
		h := b.headline(a)
		parts = append(parts, b.say("news adherence", "met", h.Met, "due", h.Due, "kind", h.kind, "judged", h.judged && h.Rate.OK, "rate", h.Rate.V, "up", b.upOrDown(a)))
	}
	if s := b.ended(); s != "" {
		parts = append(parts, s)
	}
	if len(parts) > 0 {
		return parts
	}
	n := b.moves()
	switch {
	case b.misfit():
		return []string{b.say("news misfit")}
	case n > 0:
		return []string{b.say("news moves", "n", n), b.say("news nothing due")}
	case b.unmappedMisleads():
		return []string{b.say("news unmapped")}
	}
	return []string{b.say("news quiet")}
}

// upOrDown is by how many hundredths a rate changed, where that is beyond noise; else 0.
func (b *builder) upOrDown(a *health.Adherence) int {
	c := a.Change
	n := words.Points(c.Diff.V)
	if c.Low.OK && c.High.OK && a.Judged && (b.headline(a).kind == kindAll || b.observesStages()) && (c.Low.V > 0 && n > 0 || c.High.V < 0 && n < 0) {
		return n
	}
	return 0
}

// ended says how many deals were won and lost in the window, as far as it is known.
func (b *builder) ended() string {
	won, lost := b.won(), len(b.r.Lost)
	if won+lost == 0 {
		return ""
	}
	return b.say("ended", "won", won, "lost", lost)
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
	if st == nil || st.OpenDeals == 0 || st.StalledDeals == 0 && (b.placeless() || b.unsure(b.r.Deals)) {
		return ""
	}
	stage, n, seen := b.whereStalled()
	if seen != st.StalledDeals || 2*n <= seen {
		stage = ""
	}
	return b.say("standing", "open", st.OpenDeals, "stalled", st.StalledDeals, "amount", b.stalledAmount(), "stage", stage, "there", n)
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
