package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/health"
)

const (
	firstRows = 3
	lostRows  = 5
)

func (b *builder) composeOwn(d *Digest) {
	d.Title = "Your " + b.when.Label
	if b.when.Label == shortLabel(b.when) {
		d.Title = "Your " + b.when.Noun + ", " + b.when.Label
	}
	news := b.news()
	d.News = sentenceOf(news)
	d.Preheader = preheader(news, "Your own deals and figures at a glance.")
	d.Own = &OwnPart{Well: b.ownPraise(), Calls: b.ownCalls(), Focus: b.focus(), FocusOn: b.focusDeals(), Announced: b.announced()}
	d.Own.FocusLead = b.focusLead(d.Own.Focus)
	all, told := b.agenda(), once{}
	first, ahead := map[string]bool{}, map[string]bool{}
	for i, deal := range all[:min(firstRows, len(all))] {
		row := b.row(deal)
		row.Rank, row.Ask, row.Ahead = i+1, told.pick(b.steps(deal), i+1), b.ahead(deal)
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
		case lenses[i].Text != stillMissing:
		case len(others) == 0:
			lenses[i] = Lens{Text: "Buyer evidence missing", Alarm: true}
		default:
			lenses[i].Text, lenses[i].Quote = "Also missing:", some(others)
		}
	}
	return lenses
}

func (b *builder) focusLead(f *Focus) string {
	switch {
	case f != nil && f.Doubt != "":
		return "Your open deals that went past it, if you want to think of one:"
	case b.focusIsStage():
		return "Your open deals that skipped it:"
	}
	return "Worth getting now on:"
}

// shortLabel is the label when the window is no whole week, month or quarter.
func shortLabel(p periodWords) string {
	if strings.HasPrefix(p.Label, "week ") || !strings.ContainsAny(p.Label, "0123456789") {
		return ""
	}
	return p.Label
}

// ownHeadlines begin with a win; a loss is no headline.
func (b *builder) ownHeadlines(d *Digest) [][]string {
	if b.stale() {
		return b.stopHeadline()
	}
	var out [][]string
	if n := b.won(); n > 0 {
		out = append(out, []string{count(n, "deal", "deals") + " won"})
	}
	if n := len(d.Own.First); n > 0 {
		out = append(out, []string{count(n, "deal to do first", "deals to do first")})
	}
	if st := b.r.Figures.Stall; st != nil && st.StalledDeals > 0 {
		out = append(out, []string{whole(st.StalledDeals) + noun(st.StalledDeals, " stands still", " stand still")})
	}
	if n := b.moves(); n > 0 && len(out) == 0 {
		out = append(out, []string{count(n, "move", "moves")})
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
			out = append(out, Praise{Deal: b.lostDeal(l), Text: "lost, and you did everything right: nothing that was due on it was missed"})
		}
	}
	if a := b.r.Figures.Adherence; a != nil {
		switch {
		case a.Due > 0 && a.Missed == 0:
			out = append(out, Praise{Text: noun(a.Due, "The one checkpoint that was judged had been met.", fmt.Sprintf("All %d checkpoints that were judged had been met.", a.Due))})
		case a.CleanMoves > 0:
			out = append(out, Praise{Text: upper(count(a.CleanMoves, "move was", "moves were")) + " clean: everything that was due had been met."})
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
			return append(out, Praise{Text: "And " + count(len(won)-praisedWins, "more deal", "more deals") + " won."})
		}
		text := "won"
		if c.Amount.OK {
			text += ", " + b.money(c.Amount.V)
		}
		out = append(out, Praise{Deal: DealRef{ID: c.ID, Owner: c.RepID, Name: dealName(c.Name, c.ID), URL: b.link(c.ID)}, Text: text})
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
			return rows, "And " + count(len(lost)-lostRows, "more lost deal", "more lost deals") + "."
		}
		rows = append(rows, LostRow{Deal: b.lostDeal(l), Trail: b.lostTrail(l), Text: b.retrace(l)})
	}
	return rows, ""
}

// lostDeal mentions a lost deal, by its id when its name is not known.
func (b *builder) lostDeal(l health.LostDeal) DealRef {
	ref := DealRef{ID: l.ID, Owner: l.RepID.Or(""), Name: dealName("", l.ID), URL: b.link(l.ID)}
	for _, c := range b.r.Closed {
		if c.ID == l.ID && c.Name != "" {
			ref.Name = dealName(c.Name, c.ID)
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
			s += " (" + dayCount(v.Days.V) + ")"
		}
		steps = append(steps, s)
	}
	return strings.Join(steps, " → ")
}

// retrace says where a lost deal first left the process, and when the buyer was last heard of.
func (b *builder) retrace(l health.LostDeal) string {
	var parts []string
	if c, ok := b.checks[l.FirstMissed.Or("")]; ok {
		if c.Criterion != nil {
			parts = append(parts, "First missing: "+inner(c.Criterion.Says)+".")
		} else {
			parts = append(parts, "First left out: the stage "+line(c.Stage.Name, 40)+".")
		}
	}
	if !l.FirstMissed.OK && len(l.Checkpoints) > 0 {
		parts = append(parts, "Nothing that was due on it was missed.")
	}
	if d := l.DaysSinceBuyer; d.OK && !b.r.NoParty {
		if d.V >= 1 {
			parts = append(parts, "The buyer had last been heard of "+dayCount(d.V)+" before.")
		} else {
			parts = append(parts, "The buyer had been heard of on the last day.")
		}
	}
	if r := line(l.LossReason.Or(""), 80); r != "" {
		parts = append(parts, "Reason given: "+sentence(r))
	}
	return strings.Join(parts, " ")
}
