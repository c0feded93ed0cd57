package worker

import (
	"context"
	"slices"
	"time"

	"drumbeat/internal/digest"
)

// Refused says which changed config could not be taken, so that the worker's own stays in force; nil: none.
type Refused func() *digest.Refusal

// halfWay is how long a changed config may be broken before that is news: an editor's saves on the way and quick mends
// are none.
const halfWay = time.Minute

// refusal is the config that could not be taken, without what opens a door; nil: there is none.
func (w *Worker) refusal() *digest.Refusal {
	if w.Refused == nil {
		return nil
	}
	r := w.Refused()
	if r == nil {
		return nil
	}
	own := *r
	own.Faults = slices.Clone(r.Faults)
	for i, f := range own.Faults {
		own.Faults[i] = w.Config.WithoutSecrets(f)
	}
	return &own
}

// tellRefusal tells the admins, those of the config in force, that a changed one cannot be taken: once until one is,
// however often it is saved. The alarm's period names the day and the config in force, so that several replicas tell it
// once, and one that is broken again after it was mended is told again.
func (s *server) tellRefusal(ctx context.Context, desk *desk) error {
	r := s.w.refusal()
	if r == nil || len(s.admins) == 0 || s.refusal.Equal(r.Since) || s.w.Now().Sub(r.Since) < halfWay {
		return nil
	}
	if err := s.alarm(ctx, desk, s.day(r.Since)+" config "+s.w.Config.Version, notice{cause: digest.Refused, refused: r}); err != nil {
		return err
	}
	s.refusal = r.Since
	return nil
}
