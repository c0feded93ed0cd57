package worker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
)

// Preview makes digests to be looked at. Figures are computed once for each instant and window and kept for as
// long as the Preview is, the last few of them; nothing is recorded and nothing sent. It may be used by several
// goroutines: they wait for each other's figures.
type Preview struct {
	w     *Worker
	mu    sync.Mutex
	desks []instant
}

// instant is what was computed for one day's end.
type instant struct {
	end  time.Time
	desk *desk
}

// mostInstants bounds the memory of somebody who walks through a year.
const mostInstants = 6

// NewPreview looks through this worker's eyes.
func (w *Worker) NewPreview() *Preview { return &Preview{w: w} }

// Looked is one person's digest, made to be looked at; Skip or Err say why there is none.
type Looked struct {
	To                       digest.Recipient
	Subject, Preheader, Skip string
	Raw                      []byte
	Err                      error
}

// Look is everybody's digest of one schedule and tick.
type Look struct {
	Period string // its end, YYYY-MM-DD
	People []digest.Recipient

	w *Worker
	r *round
	f *figures
}

// Look computes what the schedule would send at that tick.
func (p *Preview) Look(ctx context.Context, s config.Schedule, tick time.Time) (*Look, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.w.newRound(s, tick)
	r.byHand = true
	f, err := p.desk(r.end).of(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	people, err := p.w.recipients(ctx, r, f.reps)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	return &Look{Period: r.period, People: people, w: p.w, r: r, f: f}, nil
}

// desk gives the one of an instant and forgets the one that nobody has asked for longest.
func (p *Preview) desk(end time.Time) *desk {
	i := slices.IndexFunc(p.desks, func(k instant) bool { return k.end.Equal(end) })
	now := instant{end: end, desk: p.w.newDesk()}
	if i >= 0 {
		now = p.desks[i]
		p.desks = slices.Delete(p.desks, i, i+1)
	}
	p.desks = append(p.desks, now)
	if len(p.desks) > mostInstants {
		p.desks = slices.Delete(p.desks, 0, 1)
	}
	return now.desk
}

// Mail makes one person's digest.
func (l *Look) Mail(to digest.Recipient) Looked { return looked(l.w.mail(l.r, l.f, to)) }

// All makes everybody's, in the order of People, and calls each with it, one after another.
func (l *Look) All(each func(Looked)) {
	for m := range l.w.mails(l.r, l.f, l.People) {
		each(looked(m))
	}
}

func looked(m made) Looked {
	return Looked{To: m.to, Subject: m.content.Subject, Preheader: m.content.Preheader, Skip: m.skip, Raw: m.raw, Err: m.err}
}
