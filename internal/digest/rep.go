package digest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/health"
)

const (
	firstRows = 3
	watchRows = 10
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
	d.Own = &OwnPart{Well: b.ownPraise(), Calls: b.ownCalls(), Focus: b.focus(), FocusOn: b.focusDeals()}
	d.Own.FocusLead = "Worth getting now on:"
	if b.focusIsStage() {
		d.Own.FocusLead = "Your open deals that skipped it:"
	}
	all, told := b.agenda(), once{}
	first, ahead := map[string]bool{}, map[string]bool{}
	for i, deal := range all[:min(firstRows, len(all))] {
		row := b.row(deal)
		row.Rank, row.Ask, row.Ahead = i+1, told.pick(b.steps(deal), i+1), b.ahead(deal)
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

// watch lists the other deals with a concern, briefly.
func (b *builder) watch(agenda []health.Deal, first map[string]bool) (rows []DealRow, more string) {
	rest := slices.DeleteFunc(slices.Clone(agenda), func(d health.Deal) bool { return first[d.ID] })
	for _, d := range rest[:min(watchRows, len(rest))] {
		rows = append(rows, DealRow{Deal: b.deal(d), Amount: b.amount(d), Call: b.call(d), Lenses: b.alarms(d)})
	}
	if n := len(rest) - watchRows; n > 0 {
		more = "And " + count(n, "more deal", "more deals") + "."
	}
	return rows, more
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

// ownCalls sets the rep's calls beside what came of them.
func (b *builder) ownCalls() []string {
	f := b.r.Figures.Forecast
	if f == nil {
		return nil
	}
	var out []string
	if f.CalledDeals.OK && f.CalledDeals.V > 0 {
		span := "In the last " + count(len(f.Periods), b.periodNoun(), b.periodNoun()+"s") + " you made " + count(f.CalledDeals.V, "call", "calls")
		predicted, actual, ok := totals(f.Periods)
		switch {
		case !f.Judged:
			out = append(out, span+": "+tooFew+".")
		case ok && f.Bias.OK:
			out = append(out, fmt.Sprintf("%s: %s expected, %s came in. %s.", span, b.money(predicted), b.money(actual), upper(bias(f.Bias.V))))
		case ok:
			out = append(out, fmt.Sprintf("%s: %s expected, none of them was won in its %s.", span, b.money(predicted), b.periodNoun()))
		}
	}
	for _, c := range f.Calibration {
		if c.N >= max(1, b.in.Settings.MinCalled) && c.MeanChance.OK && c.WonRate.OK && c.Low.OK && c.High.OK {
			out = append(out, calibrated(c))
		}
	}
	if n := f.Pushes.Or(0); n > 0 {
		s := count(n, "close date was", "close dates were") + " pushed in the " + b.when.Noun
		if f.DaysPushed.OK && f.DaysPushed.V > 0 {
			s += ", by " + count(f.DaysPushed.V, "day", "days") + noun(n, "", " in all")
		}
		out = append(out, upper(s)+". "+noun(n, "Is the new date", "Are the new dates")+" the buyer's own?")
	}
	return out
}

// calibrated sets what came of calls beside what was said, then says what else so many of them would fit.
func calibrated(c health.CalibrationBin) string {
	came := "none was"
	if won := int(math.Round(c.WonRate.V * float64(c.N))); won > 0 {
		came = count(won, "was", "were")
	}
	fits := percent(c.Low.V) + " to " + percent(c.High.V)
	verdict := "That fits, as anything from " + fits + " would."
	switch {
	case c.MeanChance.V > c.High.V:
		verdict = "That is fewer than you said; it fits a chance of " + fits + "."
	case c.MeanChance.V < c.Low.V:
		verdict = "That is more than you said; it fits a chance of " + fits + "."
	}
	return "You put " + count(c.N, "call", "calls") + " at about " + percent(c.MeanChance.V) + ", and " + came + " won in time. " + verdict
}

func totals(periods []health.CallPeriod) (predicted, actual float64, ok bool) {
	for _, p := range periods {
		if p.Predicted.OK && p.Actual.OK {
			predicted, actual, ok = predicted+p.Predicted.V, actual+p.Actual.V, true
		}
	}
	return predicted, actual, ok
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
