package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"drumbeat/internal/pipeline"
)

// grace is what a statement gets on top of its timeout, so that the server says first that it took too long.
const grace = 10 * time.Second

// Read opens one consistent view of the whole pipeline as of an instant. The Reading reads from the database while
// its deals are iterated; the function ends it, however far it got.
func (s *Source) Read(ctx context.Context, asOf time.Time) (*pipeline.Reading, func() error, error) {
	return s.ReadFor(ctx, pipeline.Everything(asOf))
}

// ReadFor is Read without the rows that figures of such needs cannot tell apart; those of its own tables it does
// not even ask for.
func (s *Source) ReadFor(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StatementTimeout+grace)
	view, err := s.snapshot(ctx)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	end := func() error {
		// A driver reads an answer to its end, unless it is told that nobody wants it. Where there is nothing left, a
		// pooler between is spared that: there are those that do not survive it.
		if view.complete {
			view.end()
		}
		cancel()
		view.ahead.Wait()
		view.end()
		return nil
	}
	r, err := view.read(ctx, &needs)
	if err != nil {
		return nil, nil, errors.Join(s.tooLong(err), end())
	}
	return r, end, nil
}

// tooLong names the setting that ended a statement: neither database knows it by its name.
func (s *Source) tooLong(err error) error {
	var e *pq.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &e) && e.Code.Name() == "query_canceled" {
		return fmt.Errorf("%w; source.statement_timeout is %s: raise it, or let the query ask for less", err, s.cfg.StatementTimeout)
	}
	return err
}

func (v *snapshot) read(ctx context.Context, needs *pipeline.Needs) (*pipeline.Reading, error) {
	if err := v.checkOwn(ctx); err != nil {
		return nil, err
	}
	r := &pipeline.Reading{Tables: map[pipeline.Rows]bool{}, From: v.mapping.from, Notes: v.mapping.notes, Missing: v.lacks,
		Counts: map[pipeline.Rows]int{}, Newest: map[pipeline.Rows]time.Time{}}
	for _, rows := range pipeline.AllRows {
		r.Tables[rows] = v.there[rows]
	}
	var err error
	if r.Reps, err = v.reps(ctx); err != nil {
		return nil, err
	}
	r.Counts[pipeline.Reps] = len(r.Reps)
	if r.PartyNamed, err = v.partyNamed(ctx, needs.AsOf); err != nil {
		return nil, err
	}
	m := &merge{view: v, needs: needs, reading: r, lanes: map[pipeline.Rows]drain{}, waivers: map[string][]pipeline.Waiver{},
		explain: v.source.tooLong}
	for _, w := range v.source.cfg.Waivers {
		m.waivers[w.DealID] = append(m.waivers[w.DealID], w)
	}
	if v.source.cfg.Waivers != nil {
		r.Tables[pipeline.Waivers] = true
	}
	if err := m.open(ctx, v); err != nil {
		return nil, err
	}
	r.Deals = m.all
	return r, nil
}

// reps reads all of them, on the first transaction: it holds the lock on their table already. Another one would
// queue behind an import that waits for the first to end, and nobody would ever get on.
func (v *snapshot) reps(ctx context.Context) ([]pipeline.Rep, error) {
	s, err := v.stream(ctx, v.first, pipeline.Reps, &pipeline.Needs{})
	if err != nil {
		return nil, err
	}
	var reps []pipeline.Rep
	for s.more {
		reps = append(reps, repOf(s.record))
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	return reps, nil
}

// partyNamed looks for one activity of a known deal, before the instant, that names a party.
func (v *snapshot) partyNamed(ctx context.Context, asOf time.Time) (bool, error) {
	if !v.there[pipeline.Activities] {
		return false, nil
	}
	if v.packs[pipeline.Activities] {
		return v.askParty(ctx, strings.ReplaceAll(mustRead("read/party.sql"), "{as_of}", quoteInstant(asOf)))
	}
	activities, deals := string(pipeline.Activities), string(pipeline.Deals)
	if own := v.mapping.queries; own != nil {
		names, err := v.columns(ctx, own[pipeline.Activities], layoutOf(pipeline.Activities))
		if err != nil || !slices.Contains(names, "party") {
			return false, err
		}
		activities, deals = "(\n"+bareQuery(own[pipeline.Activities])+"\n)", "(\n"+bareQuery(own[pipeline.Deals])+"\n)"
	}
	names := strings.NewReplacer("{activities}", activities, "{deals}", deals, "{as_of}", quoteInstant(asOf), "{bytewise}", v.source.at.bytewise)
	if v.source.at.copies {
		return v.askParty(ctx, names.Replace(mustRead("postgres/parties.sql")))
	}
	return v.lookForParty(ctx, names.Replace(mustRead("sqlite/parties.sql")), asOf)
}

// askParty has the database answer.
func (v *snapshot) askParty(ctx context.Context, statement string) (named bool, err error) {
	if err := v.first.GetContext(ctx, &named, statement); err != nil {
		return false, fmt.Errorf("read the parties of activities: %w", err)
	}
	return named, nil
}

// lookForParty reads until an instant is before another: SQLite keeps instants as text, in whatever form.
func (v *snapshot) lookForParty(ctx context.Context, statement string, asOf time.Time) (bool, error) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	rows, err := v.first.QueryxContext(ctx, statement)
	if err != nil {
		return false, fmt.Errorf("read the parties of activities: %w", err)
	}
	defer func() {
		enough() // first: to close is to read to the end, and mostly the very first row says it
		_ = rows.Close()
	}()
	l := layoutOf(pipeline.Activities)
	var at cell
	for rows.Next() {
		if err := rows.Scan(&destination{&l.columns[l.time], &at}); err != nil {
			return false, fmt.Errorf("read the parties of activities: %w", err)
		}
		if at.at.Before(asOf) {
			return true, nil
		}
	}
	return false, rows.Err()
}

// merge puts each deal together with its rows, as all lanes go through the ids in the same order.
type merge struct {
	view       *snapshot
	needs      *pipeline.Needs
	reading    *pipeline.Reading
	deals      *lane[pipeline.Deal]
	changes    *lane[pipeline.StageChange]
	activities *lane[pipeline.Activity]
	criteria   *lane[pipeline.CriterionMet]
	forecasts  *lane[pipeline.Forecast]
	granted    *lane[pipeline.Waiver]
	lanes      map[pipeline.Rows]drain      // of the histories, those that are there
	waivers    map[string][]pipeline.Waiver // the config's, by deal
	history    pipeline.History
	explain    func(error) error
}

// open starts the lanes. Each sorts the rows of a deal by time, then seq, nulls last; what is tied then keeps its
// file's order. The database sorts no further than by time and file row: a sort by seq before that would keep
// it off its index.
func (m *merge) open(ctx context.Context, v *snapshot) (err error) {
	if m.deals, err = openLane(ctx, v, m, pipeline.Deals, dealOf, nil); err != nil {
		return err
	}
	delete(m.lanes, pipeline.Deals)
	if m.changes, err = openLane(ctx, v, m, pipeline.StageChanges, changeOf, sorted(func(a, b pipeline.StageChange) int {
		return cmp.Or(a.At.Compare(b.At), bySeq(a.Seq, b.Seq))
	})); err != nil {
		return err
	}
	byAt := sorted(func(a, b pipeline.Activity) int { return a.At.Compare(b.At) })
	if m.activities, err = openLane(ctx, v, m, pipeline.Activities, activityOf, func(d *dealRows, rows []pipeline.Activity) []pipeline.Activity {
		return m.needs.Thin(byAt(d, rows), &d.earlier)
	}); err != nil {
		return err
	}
	if m.criteria, err = openLane(ctx, v, m, pipeline.Criteria, criterionOf, sorted(func(a, b pipeline.CriterionMet) int {
		return a.At.Compare(b.At)
	})); err != nil {
		return err
	}
	if m.forecasts, err = openLane(ctx, v, m, pipeline.Forecasts, forecastOf, sorted(func(a, b pipeline.Forecast) int {
		return cmp.Or(a.At.Compare(b.At), bySeq(a.Seq, b.Seq))
	})); err != nil {
		return err
	}
	m.granted, err = openLane(ctx, v, m, pipeline.Waivers, waiverOf, nil) // sorted when the config's are among them
	return err
}

// all is Reading.Deals.
func (m *merge) all(yield func(*pipeline.History, error) bool) {
	for {
		more, err := m.deal()
		if err != nil {
			yield(nil, m.explain(err))
			return
		}
		if !more {
			break
		}
		if !yield(&m.history, nil) {
			return
		}
	}
	for _, rows := range pipeline.AllRows {
		if l := m.lanes[rows]; l != nil {
			n, newest, err := l.rest() // to its end, so that all is counted
			if err != nil {
				yield(nil, m.explain(err))
				return
			}
			m.reading.Counts[rows] = n
			if n > 0 {
				m.reading.Newest[rows] = newest
			}
		}
	}
	m.view.complete = true
	for _, list := range m.waivers {
		for _, w := range list {
			if w.At.Before(m.needs.AsOf) {
				m.reading.Counts[pipeline.Waivers]++
			}
		}
	}
}

// deal fills the history of the next deal; false: there is none. Its rows stay where the lanes have them, which
// touch them again when the deal after it is asked for.
func (m *merge) deal() (bool, error) {
	d, err := m.deals.head()
	if d == nil {
		return false, err
	}
	_, deal, err := m.deals.take(d.id)
	if err != nil {
		return false, err
	}
	h := &m.history
	h.Deal = deal[0]
	var errs [5]error
	var granted []pipeline.Waiver
	var last dealRows
	_, h.Changes, errs[0] = m.changes.take(d.id)
	last, h.Activities, errs[1] = m.activities.take(d.id)
	_, h.Criteria, errs[2] = m.criteria.take(d.id)
	_, h.Forecasts, errs[3] = m.forecasts.take(d.id)
	_, granted, errs[4] = m.granted.take(d.id)
	h.Earlier = last.earlier
	h.Waivers = append(append(h.Waivers[:0], m.waivers[d.id]...), granted...)
	byTime(h.Waivers, func(a, b pipeline.Waiver) int { return a.At.Compare(b.At) })
	return true, cmp.Or(errs[:]...)
}

func byTime[R any](rows []R, compare func(a, b R) int) {
	if !slices.IsSortedFunc(rows, compare) {
		slices.SortStableFunc(rows, compare)
	}
}

// sorted arranges a deal's rows.
func sorted[R any](compare func(a, b R) int) func(*dealRows, []R) []R {
	return func(_ *dealRows, rows []R) []R {
		byTime(rows, compare)
		return rows
	}
}

func bySeq(a, b pipeline.Opt[int64]) int {
	if a.OK != b.OK {
		if a.OK {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.V, b.V)
}
