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

// Read opens one consistent view of the pipeline for figures as of an instant. The Reading reads from the
// database while its deals are iterated; the function ends it, however far it got.
func (s *Source) Read(ctx context.Context, asOf time.Time) (*pipeline.Reading, func() error, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StatementTimeout+grace)
	view, err := s.snapshot(ctx)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	end := func() error {
		cancel() // first: a driver reads an answer to its end, unless it is told that nobody wants it
		view.end()
		return nil
	}
	r, err := view.read(ctx, asOf)
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

func (v *snapshot) read(ctx context.Context, asOf time.Time) (*pipeline.Reading, error) {
	if err := v.checkOwn(ctx); err != nil {
		return nil, err
	}
	r := &pipeline.Reading{Tables: map[pipeline.Rows]bool{}, Missing: v.lacks, Counts: map[pipeline.Rows]int{}}
	for _, rows := range pipeline.AllRows {
		r.Tables[rows] = v.there[rows]
	}
	var err error
	if r.Reps, err = v.reps(ctx); err != nil {
		return nil, err
	}
	r.Counts[pipeline.Reps] = len(r.Reps)
	if r.PartyNamed, err = v.partyNamed(ctx, asOf); err != nil {
		return nil, err
	}
	m := &merge{asOf: asOf, reading: r, histories: map[pipeline.Rows]*stream{}, waivers: map[string][]pipeline.Waiver{},
		explain: v.source.tooLong}
	for _, w := range v.source.cfg.Waivers {
		m.waivers[w.DealID] = append(m.waivers[w.DealID], w)
	}
	if v.source.cfg.Waivers != nil {
		r.Tables[pipeline.Waivers] = true
	}
	for _, rows := range pipeline.AllRows[1:] {
		if !v.there[rows] {
			continue
		}
		tx, err := v.beside(ctx)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", rows, err)
		}
		s, err := v.stream(ctx, tx, rows, asOf)
		if err != nil {
			return nil, err
		}
		if rows == pipeline.Deals {
			m.deals = s
		} else {
			m.histories[rows] = s
		}
	}
	r.Deals = m.all
	return r, nil
}

// reps reads all of them, on the first transaction: it holds the lock on their table already. Another one would
// queue behind an import that waits for the first to end, and nobody would ever get on.
func (v *snapshot) reps(ctx context.Context) ([]pipeline.Rep, error) {
	s, err := v.stream(ctx, v.first, pipeline.Reps, time.Time{})
	if err != nil {
		return nil, err
	}
	var reps []pipeline.Rep
	for s.more {
		last := repOf(s.record)
		reps = append(reps, last)
		if err := s.next(); err != nil {
			return nil, err
		}
		if s.more {
			if err := s.once(last.ID); err != nil {
				return nil, err
			}
		}
	}
	return reps, nil
}

// partyNamed looks for one activity of a known deal, before the instant, that names a party.
func (v *snapshot) partyNamed(ctx context.Context, asOf time.Time) (bool, error) {
	if !v.there[pipeline.Activities] {
		return false, nil
	}
	activities, deals := string(pipeline.Activities), string(pipeline.Deals)
	if own := v.source.cfg.Queries; len(own) > 0 {
		names, err := v.columns(ctx, own[pipeline.Activities], layoutOf(pipeline.Activities))
		if err != nil || !slices.Contains(names, "party") {
			return false, err
		}
		activities, deals = "(\n"+bareQuery(own[pipeline.Activities])+"\n)", "(\n"+bareQuery(own[pipeline.Deals])+"\n)"
	}
	statement := strings.NewReplacer("{activities}", activities, "{deals}", deals,
		"{bytewise}", v.source.at.bytewise).Replace(mustRead("read/parties.sql"))
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	tx, err := v.beside(ctx)
	if err != nil {
		return false, fmt.Errorf("read the parties of activities: %w", err)
	}
	rows, err := tx.QueryxContext(ctx, statement)
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

// merge puts each deal together with its rows, as all streams go through the ids in the same order.
type merge struct {
	asOf      time.Time
	reading   *pipeline.Reading
	deals     *stream
	histories map[pipeline.Rows]*stream
	waivers   map[string][]pipeline.Waiver // the config's, by deal
	history   pipeline.History
	explain   func(error) error
}

// all is Reading.Deals.
func (m *merge) all(yield func(*pipeline.History, error) bool) {
	for m.deals.more {
		if err := m.deal(); err != nil {
			yield(nil, m.explain(err))
			return
		}
		if !yield(&m.history, nil) {
			return
		}
	}
	for _, rows := range pipeline.AllRows {
		if s := m.histories[rows]; s != nil {
			if err := s.rest(); err != nil {
				yield(nil, m.explain(err))
				return
			}
		}
	}
	m.count()
}

// deal fills the history of the next deal, and reads the one after it ahead.
func (m *merge) deal() error {
	h := &m.history
	*h = pipeline.History{Deal: dealOf(m.deals.record), Changes: h.Changes[:0], Activities: h.Activities[:0],
		Criteria: h.Criteria[:0], Forecasts: h.Forecasts[:0], Waivers: append(h.Waivers[:0], m.waivers[m.deals.key()]...)}
	id := h.Deal.ID
	for _, take := range []struct {
		rows pipeline.Rows
		each func(record)
	}{
		{pipeline.StageChanges, func(r record) { h.Changes = append(h.Changes, changeOf(r)) }},
		{pipeline.Activities, func(r record) { h.Activities = append(h.Activities, activityOf(r)) }},
		{pipeline.Criteria, func(r record) { h.Criteria = append(h.Criteria, criterionOf(r)) }},
		{pipeline.Forecasts, func(r record) { h.Forecasts = append(h.Forecasts, forecastOf(r)) }},
		{pipeline.Waivers, func(r record) { h.Waivers = append(h.Waivers, waiverOf(r)) }},
	} {
		if s := m.histories[take.rows]; s != nil {
			if err := s.take(id, take.each); err != nil {
				return err
			}
		}
	}
	order(h)
	if err := m.deals.next(); err != nil {
		return err
	}
	if m.deals.more {
		return m.deals.once(id)
	}
	return nil
}

// order sorts the rows of a deal by time, then seq, nulls last; what is tied then keeps its file's order. The
// database sorts no further than by time and file row: a sort by seq before that would keep it off its index.
func order(h *pipeline.History) {
	byTime(h.Changes, func(a, b pipeline.StageChange) int { return cmp.Or(a.At.Compare(b.At), bySeq(a.Seq, b.Seq)) })
	byTime(h.Activities, func(a, b pipeline.Activity) int { return a.At.Compare(b.At) })
	byTime(h.Criteria, func(a, b pipeline.CriterionMet) int { return a.At.Compare(b.At) })
	byTime(h.Forecasts, func(a, b pipeline.Forecast) int { return cmp.Or(a.At.Compare(b.At), bySeq(a.Seq, b.Seq)) })
	byTime(h.Waivers, func(a, b pipeline.Waiver) int { return a.At.Compare(b.At) })
}

func byTime[R any](rows []R, compare func(a, b R) int) {
	if !slices.IsSortedFunc(rows, compare) {
		slices.SortStableFunc(rows, compare)
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

// count fills Reading.Counts, now that every row has been seen.
func (m *merge) count() {
	for rows, s := range m.histories {
		m.reading.Counts[rows] = s.before
	}
	for _, list := range m.waivers {
		for _, w := range list {
			if w.At.Before(m.asOf) {
				m.reading.Counts[pipeline.Waivers]++
			}
		}
	}
}
