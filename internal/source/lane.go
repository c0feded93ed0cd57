package source

import (
	"context"
	"fmt"
	"time"

	"drumbeat/internal/pipeline"
)

// batchRows is how many rows a lane reads at once, and batches how many it holds: enough that neither side often
// waits for the other, and little memory.
const (
	batchRows = 1024
	batches   = 4
)

// batch is a stretch of a stream: whole deals, each with its rows.
type batch[T any] struct {
	deals []dealRows
	rows  []T
	last  bool
	err   error // that ended the stream, after these deals
}

// dealRows says which rows of a batch are a deal's.
type dealRows struct {
	id       string
	from, to int
	earlier  pipeline.LastActivity // of the activities
}

// lane hands over the rows of one stream deal by deal. On PostgreSQL, where each stream has a connection of its
// own, a goroutine decodes ahead, as the decoding takes as long as the figures; on SQLite all share one.
type lane[T any] struct {
	ctx        context.Context // of the reading: a lane ends with it
	stream     *stream
	fill       func(*batch[T])
	full, free chan *batch[T] // nil: nobody reads ahead
	now        *batch[T]
	at         int // the deal of now that comes next
}

// drain is a lane of any rows.
type drain interface {
	rest() (before int, newest time.Time, err error)
}

// openLane starts reading rows as of gives them, those of a deal as arrange puts them in its place (nil: as they
// come). Where the source has no such rows it gives nil, which is a lane without any.
func openLane[T any](ctx context.Context, v *snapshot, m *merge, rows pipeline.Rows, of func(record) T,
	arrange func(*dealRows, []T) []T) (*lane[T], error) {
	if !v.there[rows] {
		return nil, nil
	}
	tx, err := v.beside(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", rows, err)
	}
	s, err := v.stream(ctx, tx, rows, m.needs)
	if err != nil {
		return nil, err
	}
	l := &lane[T]{ctx: ctx, stream: s, now: &batch[T]{}}
	l.fill = func(b *batch[T]) { fill(b, s, of, arrange) }
	m.lanes[rows] = l
	if v.id != "" {
		l.full, l.free = make(chan *batch[T], batches), make(chan *batch[T], batches)
		for range batches - 1 {
			l.free <- &batch[T]{}
		}
		v.ahead.Go(l.readAhead)
	}
	return l, nil
}

// fill reads on into a batch; the deal that an error ends is not in it.
func fill[T any](b *batch[T], s *stream, of func(record) T, arrange func(*dealRows, []T) []T) {
	b.deals, b.rows = b.deals[:0], b.rows[:0]
	for s.more && len(b.rows) < batchRows && len(b.deals) < batchRows {
		d := dealRows{id: s.key(), from: len(b.rows), earlier: s.earlier}
		for s.more && s.key() == d.id {
			if !s.hollow {
				b.rows = append(b.rows, of(s.record))
			}
			if b.err = s.next(); b.err != nil {
				b.last = true
				return
			}
		}
		if arrange != nil {
			b.rows = b.rows[:d.from+len(arrange(&d, b.rows[d.from:]))]
		}
		d.to = len(b.rows)
		b.deals = append(b.deals, d)
	}
	b.last = !s.more
}

func (l *lane[T]) readAhead() {
	for {
		select {
		case b := <-l.free:
			l.fill(b)
			l.full <- b // has room for all that there are
			if b.last {
				return
			}
		case <-l.ctx.Done():
			return
		}
	}
}

// turn goes on to the next batch.
func (l *lane[T]) turn() error {
	if err := l.ctx.Err(); err != nil {
		return fmt.Errorf("read %s: %w", l.stream.layout.rows, err)
	}
	l.at = 0
	if l.full == nil {
		l.fill(l.now)
		return nil
	}
	l.free <- l.now // has room for all that there are
	select {
	case l.now = <-l.full:
		return nil
	case <-l.ctx.Done():
		l.now = &batch[T]{last: true, err: fmt.Errorf("read %s: %w", l.stream.layout.rows, l.ctx.Err())}
		return nil
	}
}

// head gives the deal that comes next; nil: there are no more.
func (l *lane[T]) head() (*dealRows, error) {
	for l.at == len(l.now.deals) {
		if l.now.last {
			return nil, l.now.err
		}
		if err := l.turn(); err != nil {
			return nil, err
		}
	}
	return &l.now.deals[l.at], nil
}

// take gives the rows of one deal, and passes over those of earlier ids: they belong to nothing. The rows hold
// until the lane is asked again. A nil lane has none.
func (l *lane[T]) take(id string) (dealRows, []T, error) {
	for l != nil {
		d, err := l.head()
		if d == nil || d.id > id {
			return dealRows{}, nil, err
		}
		l.at++
		if d.id == id {
			return *d, l.now.rows[d.from:d.to:d.to], nil
		}
	}
	return dealRows{}, nil, nil
}

// rest passes over what is left, and gives the number of rows before the instant of the reading, and their latest time.
func (l *lane[T]) rest() (int, time.Time, error) {
	for {
		d, err := l.head()
		if d == nil {
			return l.stream.before, l.stream.newest, err
		}
		l.at++
	}
}
