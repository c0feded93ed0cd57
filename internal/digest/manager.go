package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/process"
)

// How much a digest shows of each: what is left out is counted.
const (
	agendaRows    = 7
	coachedReps   = 8
	pointsPerRep  = 3
	praises       = 8
	praisedWins   = 3
	praisedLosses = 4
	tableRows     = 25
)

func (b *builder) composeTeam(d *Digest) {
	team := b.teamName()
	d.Title = team + ", " + b.when.Label
	d.News = b.news()
	d.Care = b.care()
	d.Preheader = preheader(d.News, "What to ask in the pipeline review, and what to coach.")
	d.Subject = b.subject(team)
	d.Team = &TeamPart{Focus: b.focus(), Table: b.teamTable(), Reality: b.reality(), Record: b.questions()}
	all := b.agenda()
	for i, deal := range all {
		if i == agendaRows {
			d.Team.AgendaMore = "And " + count(len(all)-agendaRows, "more deal", "more deals") + " with something to ask about."
			break
		}
		row := b.row(deal)
		row.Rank, row.Rep, row.Ask = i+1, b.rep(deal.RepID.V), b.question(deal)
		d.Team.Agenda = append(d.Team.Agenda, row)
	}
	d.Team.Coaching, d.Team.CoachMore = b.coaching()
	d.Team.Well = b.teamPraise()
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

// subject carries team, week and as much of the news as 60 characters hold.
func (b *builder) subject(team string) string {
	s := team + ", " + b.when.Label
	var news []string
	if st := b.r.Figures.Stall; st != nil && st.StalledDeals > 0 {
		news = append(news, count(st.StalledDeals, "deal stands", "deals stand")+" still")
	}
	if a := b.r.Figures.Adherence; a != nil && a.Judged && a.Rate.OK {
		news = append(news, "adherence "+percent(a.Rate.V))
	}
	if n := b.moves(); n > 0 {
		news = append(news, count(n, "move", "moves"))
	}
	return fit(s, news, 60)
}

// fit adds the items that keep the subject under limit characters.
func fit(s string, items []string, limit int) string {
	sep := ": "
	for _, item := range items {
		if len([]rune(s+sep+item)) >= limit {
			break
		}
		s, sep = s+sep+item, ", "
	}
	return s
}

// preheader is the news, filled up to 40 characters and cut at 120.
func preheader(news, more string) string {
	if len([]rune(news)) < 40 {
		news += " " + more
	}
	return line(plain(news), 120)
}

// news is the week in one sentence.
func (b *builder) news() string {
	var parts []string
	if s := b.standing(); s != "" {
		parts = append(parts, s)
	}
	if a := b.r.Figures.Adherence; a != nil && a.Due > 0 {
		if a.Judged && a.Rate.OK {
			parts = append(parts, fmt.Sprintf("adherence %s of%s%d", percent(a.Rate.V), nb, a.Due))
		} else {
			parts = append(parts, fmt.Sprintf("%d of %s met, %s", a.Met, count(a.Due, "checkpoint", "checkpoints"), tooFew))
		}
	}
	if s := b.ended(); s != "" {
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		if n := b.moves(); n > 0 {
			return count(n, "move", "moves") + " in the " + b.when.Noun + "; nothing was due yet."
		}
		return "A quiet " + b.when.Noun + ": nothing moved and nothing was due."
	}
	return upper(strings.Join(parts, "; ")) + "."
}

// ended says how many deals were won and lost in the window, as far as it is known.
func (b *builder) ended() string {
	won, lost := 0, len(b.r.Lost)
	for _, c := range b.r.Closed {
		if c.Won {
			won++
		}
	}
	switch {
	case won > 0 && lost > 0:
		return fmt.Sprintf("%s won, %d lost", count(won, "deal", "deals"), lost)
	case won > 0:
		return count(won, "deal", "deals") + " won"
	case lost > 0:
		return count(lost, "deal", "deals") + " lost"
	}
	return ""
}

// standing says how many deals stand still, what they are worth and where.
func (b *builder) standing() string {
	st := b.r.Figures.Stall
	if st == nil || st.OpenDeals == 0 {
		return ""
	}
	if st.StalledDeals == 0 {
		return noun(st.OpenDeals, "the one open deal does not stand still", fmt.Sprintf("none of the %d open deals stands still", st.OpenDeals))
	}
	s := count(st.StalledDeals, "deal", "deals")
	if amount := b.stalledAmount(); amount != "" {
		s += " worth " + amount
	}
	s += noun(st.StalledDeals, " stands still", " stand still")
	where, top, seen := map[string]int{}, "", 0
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
	switch {
	case top == "" || seen != st.StalledDeals:
		return s
	case where[top] == seen:
		return s + " in " + b.stageName(top)
	case 2*where[top] > seen:
		return s + fmt.Sprintf(", most of them (%d) in %s", where[top], b.stageName(top))
	}
	return s
}

// focus is the one element to work on, in the process's own words.
func (b *builder) focus() *Focus {
	key := b.r.Figures.Focus.Or("")
	c, ok := b.checks[key]
	if !ok {
		return nil
	}
	f := &Focus{}
	if c.Criterion != nil {
		f.Title, f.Says, f.Why, f.Ask = "Buyer evidence in "+line(c.Stage.Name, 40), sentence(c.Criterion.Says), sentence(c.Criterion.Why), sentence(c.Criterion.Coach)
	} else {
		f.Title, f.Says = "The stage "+line(c.Stage.Name, 40), sentence(c.Stage.Expects)
	}
	for _, cp := range b.r.Checkpoints {
		if cp.Key != key {
			continue
		}
		f.Effect = effect(cp.Earns)
		if cp.Due > 0 && b.in.Recipient.Kind == Manager {
			who := "In all teams together it"
			if b.r.Everybody {
				who = "It"
			}
			f.Tally = fmt.Sprintf("%s was met %d of the %d times it fell due in the %s.", who, cp.Met, cp.Due, b.when.Noun)
			if cp.Due == 1 {
				f.Tally = fmt.Sprintf("%s fell due once in the %s and was %s.", who, b.when.Noun, noun(cp.Met, "met", "missed"))
			}
		}
	}
	return f
}

// effect says what deals with and without a checkpoint came to: an association, and the words say so.
func effect(e *health.Earns) string {
	if e == nil || !e.Verdict.OK {
		return ""
	}
	if !e.MetN.OK || !e.MissedN.OK || !e.RiskRatio.OK || !e.Low.OK || !e.High.OK || e.Verdict.V == "too_few" {
		return "Whether it pays is not proven by your own deals yet: too few of them have closed."
	}
	s := fmt.Sprintf("Of %s closed with it %d were won, of %d without it %d: %.1f times as often (%.1f to %.1f), deals of like size compared.",
		count(e.MetN.V, "deal", "deals"), e.MetWon.Or(0), e.MissedN.V, e.MissedWon.Or(0), e.RiskRatio.V, e.Low.V, e.High.V)
	if e.Verdict.V == "earns_its_place" {
		return s + " They go together; that is no proof of cause."
	}
	return s + " That is not proven yet."
}

// coaching ties the focus to deals, rep by rep in the order of their names: nobody is ranked.
func (b *builder) coaching() (out []RepPoints, more string) {
	key := b.r.Figures.Focus.Or("")
	if _, ok := b.checks[key]; !ok {
		return nil, ""
	}
	rest := 0
	for _, r := range b.byName() {
		var deals []health.Deal
		for _, d := range b.r.Deals {
			if d.RepID.V == r.ID && slices.Contains(d.Missed, key) {
				deals = append(deals, d)
			}
		}
		if len(deals) == 0 {
			continue
		}
		if len(out) == coachedReps {
			rest++
			continue
		}
		slices.SortStableFunc(deals, func(x, y health.Deal) int { return cmp.Compare(y.Amount.Or(-1), x.Amount.Or(-1)) })
		p := RepPoints{Rep: b.rep(r.ID), Standing: b.repStanding(r.Adherence)}
		for _, d := range deals[:min(pointsPerRep, len(deals))] {
			p.Deals = append(p.Deals, b.mention(d))
		}
		out = append(out, p)
	}
	if rest > 0 {
		more = "And " + count(rest, "more rep has", "more reps have") + " open deals without it."
	}
	return out, more
}

func (b *builder) repStanding(a *health.Adherence) string {
	switch {
	case a == nil || a.Due == 0:
		return "nothing due in the " + b.when.Noun
	case !a.Judged:
		return fmt.Sprintf("adherence %d of %d, %s", a.Met, a.Due, tooFew)
	case a.PBelowTeam.OK && a.PBelowTeam.V >= 0.975:
		return fmt.Sprintf("adherence %d of %d, below the team (indicative)", a.Met, a.Due)
	}
	return fmt.Sprintf("adherence %d of %d", a.Met, a.Due)
}

// byName orders the reps by their names, then ids.
func (b *builder) byName() []health.RepFigures {
	out := slices.Clone(b.r.Reps)
	slices.SortFunc(out, func(x, y health.RepFigures) int {
		return cmp.Or(strings.Compare(process.Normal(b.names[x.ID]), process.Normal(b.names[y.ID])), strings.Compare(x.ID, y.ID))
	})
	return out
}

// teamPraise names what went well: deals lost although everything was done right, and real improvements.
func (b *builder) teamPraise() []Praise {
	var out []Praise
	for _, l := range b.r.Lost {
		if l.Clean {
			out = append(out, Praise{Rep: b.rep(l.RepID.V), Deal: b.lostDeal(l), Text: "did everything the process asks and lost"})
		}
	}
	if n := len(out) - praisedLosses; n > 0 {
		out = append(out[:praisedLosses:praisedLosses], Praise{Text: "And " + count(n, "more loss", "more losses") + " of which the same is true."})
	}
	for _, r := range b.byName() {
		if a := r.Adherence; a != nil && a.Judged && a.Change.Low.OK && a.Change.Low.V > 0 {
			out = append(out, Praise{Rep: b.rep(r.ID), Text: "adherence is better than in the four " + b.when.Noun + "s before, beyond noise"})
		}
	}
	return out[:min(praises, len(out))]
}
