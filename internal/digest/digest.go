// Package digest says who gets what, and in which words. In goes a report, the process and one recipient;
// out comes a view model with final numbers and finished sentences, so that a template only places them.
// It refuses to build anything that names a deal or a rep outside the recipient's scope (scope.go), and it
// leaves a sentence out whole rather than print a figure that is missing.
// Read manager.go and rep.go for the two digests, package render for what they look like.
package digest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/words"
)

// Kind is the kind of a digest.
type Kind string

// The kinds: a manager's team digest, a rep's personal summary, the operator's.
const (
	Manager Kind = "manager"
	Rep     Kind = "rep"
	Admin   Kind = "admin"
)

// Input is what one digest is built from.
type Input struct {
	Report   *health.Report
	Before   *health.Report  // as of the start of the report's window; nil: nobody knows the last agenda
	Asked    *health.Report  // of the same day as if announced criteria had been asked for; nil: none is
	Settings health.Settings // those the report was computed with

	// Of Report and of Before, made once for the digests of all; nil: made for this one.
	ByRep, BeforeByRep *ByRep

	Process   *process.Process
	Reps      []pipeline.Rep // after the config's people
	Recipient Recipient
	Scope     Scope
	Schedule  string
	Voice     *words.Voice // says it in the reader's language; nil: in our own words
	DealLink  string       // https://crm.example/deals/{id}; empty: deals are not linked
	Stop      string       // the address that takes "please stop" mails; empty: none is offered
	View      string       // the link that shows this mail in a browser; empty: none
	StopURL   string       // the link that stops this kind of digest; empty: none
	How       string       // the link to the page that says how figures are computed; empty: none
	LateFrom  time.Time    // when it was due, of a digest that comes late; zero: it is on time
}

// Build makes the digest of in.Recipient. It fails when the report names nobody of the recipient's scope,
// when the link pattern is no web address, and when the finished digest names anything outside the scope.
func Build(in Input) (*Digest, error) {
	if in.Recipient.Kind != Manager && in.Recipient.Kind != Rep {
		return nil, fmt.Errorf("build digest of %s: a %q digest is not made from a report", in.Recipient.Rep.ID, in.Recipient.Kind)
	}
	if in.DealLink != "" && !strings.HasPrefix(in.DealLink, "https://") && !strings.HasPrefix(in.DealLink, "http://") {
		return nil, fmt.Errorf("build digest of %s: links.deal %q does not begin with https://", in.Recipient.Rep.ID, in.DealLink)
	}
	if in.Settings.Location == nil {
		in.Settings.Location = time.UTC
	}
	part, err := cut(in)
	if err != nil {
		return nil, fmt.Errorf("build digest of %s: %w", in.Recipient.Rep.ID, err)
	}
	d, err := compose(in, part)
	if err != nil {
		return nil, fmt.Errorf("build digest of %s: %w", in.Recipient.Rep.ID, err)
	}
	if err := d.CheckScope(in.Recipient.Members); err != nil {
		return nil, fmt.Errorf("build digest of %s: %w", in.Recipient.Rep.ID, err)
	}
	return d, nil
}

// builder carries what every section needs; its report is cut already.
type builder struct {
	*speaker
	in     Input
	r      *scoped
	when   periodWords
	stages map[string]*process.Stage
	checks map[string]process.Checkpoint
	names  map[string]string // of the members
}

// newBuilder takes out of the cut report what would mislead, before anybody writes a sentence.
func newBuilder(in Input, part *scoped) *builder {
	b := &builder{speaker: newSpeaker(in.Voice), in: in, r: part,
		stages: map[string]*process.Stage{}, checks: map[string]process.Checkpoint{}, names: map[string]string{}}
	b.when = b.window(part.Window, in.Settings.Window, in.Settings.Location)
	span := string(in.Settings.PeriodSpan)
	b.base = map[string]any{"rep": in.Recipient.Kind == Rep, "unit": b.when.Noun, "units": b.when.Nouns,
		"period": b.say("unit", "span", cmp.Or(span, "quarter")), "periods": b.say("units", "span", cmp.Or(span, "quarter"))}
	for _, s := range in.Process.StageOrder(part.AsOf) {
		b.stages[s.Key] = s
	}
	for _, c := range in.Process.Checkpoints(part.AsOf) {
		b.checks[c.Key] = c
	}
	for _, r := range part.Reps {
		b.names[r.ID] = personName(r.Name, r.ID)
	}
	for i, deal := range part.Deals {
		part.Deals[i] = b.afterTheWin(deal)
	}
	if b.stale() {
		b.forgetTime()
	} else if b.placeless() {
		part.Figures.Focus = pipeline.Opt[string]{}
	}
	return b
}

func compose(in Input, part *scoped) (*Digest, error) {
	b := newBuilder(in, part)
	d := &Digest{Kind: in.Recipient.Kind, Schedule: line(in.Schedule, 60), Locale: b.Locale(), Language: b.Language(),
		Recipient: b.rep(in.Recipient.Rep.ID), Range: b.when.Range, Unit: b.when.Noun, Empty: b.nothingToSay()}
	if at := in.LateFrom; !at.IsZero() {
		at = at.In(in.Settings.Location)
		day := pipeline.DateOf(at, in.Settings.Location)
		d.Late = b.say("late", "due", b.said(b.Weekday("instant", day, map[string]any{"zone": in.Settings.Location.String(), "clock": b.Clock(at, false)})))
	}
	d.Care = b.care()
	d.About = b.about()
	if !d.Empty { // else one line says it
		d.Figures = b.figures()
	}
	if len(d.Figures) == 0 { // none of those words is used
		d.About.Terms = ""
	}
	if in.Recipient.Kind == Manager {
		b.composeTeam(d)
	} else {
		b.composeOwn(d)
	}
	if d.Empty && d.Team != nil {
		d.Team = &TeamPart{}
	} else if d.Empty {
		d.Own = &OwnPart{}
	}
	// Headers and preview lines are no place for unbreakable spaces.
	d.Subject, d.Preheader = plain(d.Subject), plain(d.Preheader)
	return d, b.err
}

// nothingToSay is the contract's skip_empty: no open deals, no moves, nothing due, nothing closed.
func (b *builder) nothingToSay() bool {
	f := b.r.Figures
	if len(b.r.Deals) > 0 || len(b.r.Lost) > 0 || len(b.r.Closed) > 0 {
		return false
	}
	if f.Stall != nil && f.Stall.OpenDeals > 0 || f.Adherence != nil && f.Adherence.Due > 0 {
		return false
	}
	return b.moves() == 0
}

// moves of the window: the last point of the trend, else those of the record.
func (b *builder) moves() int {
	if n := len(b.r.Figures.Trend); n > 0 {
		return b.r.Figures.Trend[n-1].Moves
	}
	if b.r.Figures.Record != nil {
		return b.r.Figures.Record.Moves
	}
	return 0
}

func (b *builder) about() About {
	n := 0
	for _, id := range b.in.Recipient.Members {
		if id != b.in.Recipient.Rep.ID {
			n++
		}
	}
	a := About{Stop: b.in.Stop, View: b.in.View, StopURL: b.in.StopURL, How: b.in.How, AsOf: b.asOf(),
		Why:   b.say("about why", "process", line(b.r.Process, 40), "n", n, "tree", b.in.Scope == Tree),
		Doubt: b.say("about doubt")}
	if !b.stale() { // else none of those words is used
		a.Terms = b.say("about terms")
	}
	a.Observed = b.observed()
	return a
}

// asOf is the instant of the figures in the zone that their days were counted in. A midnight is the end of the
// day before: on another clock the last day of the window would look cut short.
func (b *builder) asOf() string {
	loc := b.in.Settings.Location
	t := b.r.AsOf.In(loc)
	today := pipeline.DateOf(t, loc)
	if today.Start(loc).Equal(t) {
		return b.said(b.Weekday("end of day", today-1, map[string]any{"zone": loc.String()}))
	}
	return b.said(b.Weekday("instant", today, map[string]any{"zone": loc.String(), "clock": b.Clock(t, false)}))
}

func (b *builder) rep(id string) RepRef {
	if n, ok := b.names[id]; ok {
		return RepRef{ID: id, Name: n}
	}
	return RepRef{ID: id, Name: personName(b.in.Recipient.Rep.Name, id)}
}

func (b *builder) deal(d health.Deal) DealRef {
	return DealRef{ID: d.ID, Owner: d.RepID.Or(""), Name: b.dealName(d.Name, d.ID), URL: b.link(d.ID)}
}

func (b *builder) stageName(key string) string {
	if s := b.stages[key]; s != nil {
		return line(s.Name, 40)
	}
	for _, s := range b.r.Stages {
		if s.Key == key {
			return line(s.Name, 40)
		}
	}
	return line(key, 40)
}
