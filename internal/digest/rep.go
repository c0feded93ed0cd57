package digest

import (
	"cmp"
	"slices"
	"strings"

	"drumbeat/internal/health"
)

const (
	firstRows = 3
	lostRows  = 5
)

func (b *builder) composeOwn(d *Digest) {
	d.Title = b.say("title", "team", "", "label", b.when.Label, "whole", b.when.Whole)
	news := b.news()
	d.News = sentenceOf(news)
	d.Preheader = preheader(news, b.say("at a glance"))
	d.Own = &OwnPart{Well: b.ownPraise(), Calls: b.ownCalls(), Focus: b.focus(), FocusOn: b.focusDeals(), Announced: b.announced()}
	d.Own.FocusLead = b.focusLead(d.Own.Focus)
	all, told := b.agenda(), once{}
	first, ahead := map[string]bool{}, map[string]bool{}
	for i, deal := range all[:min(firstRows, len(all))] {
		row := b.row(deal)
		row.Rank, row.Ask, row.Ahead = i+1, b.asked(told, b.steps(deal), i+1), b.ahead(deal)
		row.Lenses = b.besideTheStep(deal, row)
		if ahead[row.Ahead] { // once for each stage, not for each deal
			row.Ahead = ""
		}
		ahead[row.Ahead] = true
		d.Own.First = append(d.Own.First, row)
		first[deal.ID] = true
	}
	d.Own.Watch, d.Own.WatchMore = b.watch(all, first)
	d.Own.Lost, d.Own.LostMore = b.retraced()
	d.Subject = subject(d.Title, b.ownHeadlines(d))
}

// besideTheStep leaves out of the lenses the piece of evidence that the next step quotes anyway.
func (b *builder) besideTheStep(d health.Deal, row DealRow) []Lens {
	missing, _ := b.evidence(d)
	others := slices.DeleteFunc(slices.Clone(missing), func(quote string) bool { return strings.Contains(row.Ask, quote) })
	if len(others) == len(missing) {
		return row.Lenses
	}
	lenses := slices.Clone(row.Lenses)
	for i := range lenses {
		switch {
		case lenses[i].Quote == "":
		case len(others) == 0:
			lenses[i] = Lens{Text: b.say("lens missing, quoted beside it"), Alarm: true}
		default:
			lenses[i].Text, lenses[i].Quote = b.say("lens also missing"), b.some(others)
		}
	}
	return lenses
}

func (b *builder) focusLead(f *Focus) string {
	return b.say("focus deals", "doubt", f != nil && f.Doubt != "", "stage", b.focusIsStage())
}

// ownHeadlines begin with a win; a loss is no headline.
func (b *builder) ownHeadlines(d *Digest) [][]string {
	if b.stale() {
		return b.stopHeadline()
	}
	var out [][]string
	if n := b.won(); n > 0 {
		out = append(out, []string{b.say("ended", "won", n, "lost", 0)})
	}
	if n := len(d.Own.First); n > 0 {
		out = append(out, []string{b.say("headline first", "n", n)})
	}
	if st := b.r.Figures.Stall; st != nil && st.StalledDeals > 0 {
		out = append(out, []string{b.say("headline so many stand still", "n", st.StalledDeals)})
	}
	if n := b.moves(); n > 0 && len(out) == 0 {
		out = append(out, []string{b.say("headline moves", "n", n)})
	}
	return out
}

// ownPraise says what went well before anything else is asked.
func (b *builder) ownPraise() []Praise {
	out := b.wins()
	losses := 0
	for _, l := range b.r.Lost {
		if l.Clean && losses < praisedLosses {
			losses++
			out = append(out, Praise{Deal: b.lostDeal(l), Text: b.say("lost clean")})
		}
	}
	if a := b.r.Figures.Adherence; a != nil {
		switch {
		case a.Due > 0 && a.Missed == 0:
			out = append(out, Praise{Text: b.say("all met", "n", a.Due)})
		case a.CleanMoves > 0:
			out = append(out, Praise{Text: b.say("clean moves", "n", a.CleanMoves)})
		}
		if s := b.improved(a); s != "" {
			out = append(out, Praise{Text: s + "."})
		}
	}
	return out
}

// wins are the largest deals won in the window; the others are counted.
func (b *builder) wins() []Praise {
	var won []health.ClosedDeal
	for _, c := range b.r.Closed {
		if c.Won {
			won = append(won, c)
		}
	}
	slices.SortStableFunc(won, func(x, y health.ClosedDeal) int { return cmp.Compare(y.Amount.Or(-1), x.Amount.Or(-1)) })
	var out []Praise
	for i, c := range won {
		if i == praisedWins {
			return append(out, Praise{Text: b.say("more won", "n", len(won)-praisedWins)})
		}
		amount := ""
		if c.Amount.OK {
			amount = b.money(c.Amount.V)
		}
		out = append(out, Praise{Deal: DealRef{ID: c.ID, Owner: c.RepID, Name: b.dealName(c.Name, c.ID), URL: b.link(c.ID)}, Text: b.say("won", "amount", amount)})
	}
	return out
}

// focusDeals are the rep's largest open deals that lack the focus.
func (b *builder) focusDeals() []Mention {
	deals := slices.DeleteFunc(slices.Clone(b.r.Deals), func(d health.Deal) bool { return !b.lacksFocus(d) })
	largestFirst(deals)
	var out []Mention
	for _, d := range deals[:min(pointsPerRep, len(deals))] {
		out = append(out, b.mention(d))
	}
	return out
}

// retraced are the losses that were not clean, those first that left the process.
func (b *builder) retraced() (rows []LostRow, more string) {
	lost := slices.DeleteFunc(slices.Clone(b.r.Lost), func(l health.LostDeal) bool { return l.Clean })
	slices.SortStableFunc(lost, func(x, y health.LostDeal) int {
		switch {
		case x.FirstMissed.OK == y.FirstMissed.OK:
			return 0
		case x.FirstMissed.OK:
			return -1
		}
		return 1
	})
	for i, l := range lost {
		if i == lostRows {
			return rows, b.say("more lost", "n", len(lost)-lostRows)
		}
		rows = append(rows, LostRow{Deal: b.lostDeal(l), Trail: b.lostTrail(l), Text: b.retrace(l)})
	}
	return rows, ""
}

// lostDeal mentions a lost deal, by its id when its name is not known.
func (b *builder) lostDeal(l health.LostDeal) DealRef {
	ref := DealRef{ID: l.ID, Owner: l.RepID.Or(""), Name: b.dealName("", l.ID), URL: b.link(l.ID)}
	for _, c := range b.r.Closed {
		if c.ID == l.ID && c.Name != "" {
			ref.Name = b.dealName(c.Name, c.ID)
		}
	}
	return ref
}

// lostTrail is the way that a lost deal went.
func (b *builder) lostTrail(l health.LostDeal) string {
	var steps []string
	for _, v := range l.Visits {
		s := b.stageName(v.Stage)
		if v.Days.OK {
			s += " (" + b.dayCount(v.Days.V) + ")"
		}
		steps = append(steps, s)
	}
	return strings.Join(steps, " → ")
}

// retrace says where a lost deal first left the process, and when the buyer was last heard of.
func (b *builder) retrace(l health.LostDeal) string {
	missing, stage := "", ""
	if c, ok := b.checks[l.FirstMissed.Or("")]; ok {
		stage = line(c.Stage.Name, 40)
		if c.Criterion != nil {
			missing = b.quote(c.Criterion.Says)
		}
	}
	heard := ""
	if d := l.DaysSinceBuyer; d.OK && d.V >= 1 {
		heard = b.dayCount(d.V)
	}
	return b.say("lost, retraced", "missing", missing, "stage", stage, "nothing_missed", !l.FirstMissed.OK && len(l.Checkpoints) > 0,
		"buyer_known", l.DaysSinceBuyer.OK && !b.r.NoParty, "heard", heard, "reason", sentence(line(l.LossReason.Or(""), 80)))
}
