package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source/presets"
)

// Detect says whose tables a database has: the preset that finds its deals and people there; empty: none does, or the
// canonical tables are there, which are read without one. More than one are an error that names them.
func Detect(ctx context.Context, dsn string) (preset string, err error) {
	s, err := Open(ctx, Config{DSN: dsn})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StatementTimeout)
	defer cancel()
	v := &snapshot{source: s, bare: true}
	defer v.end()
	if v.first, err = v.begin(ctx, ""); err != nil {
		return "", fmt.Errorf("connect to %s: %w", s.at.shown, s.at.explain(err))
	}
	there, err := s.at.tablesThere(ctx, v.first)
	if err != nil || !s.at.copies || there[pipeline.Deals] != "" {
		return "", err
	}
	var found []string
	var barred *presets.Unresolved
	for _, name := range presets.Names() {
		p, _ := presets.Get(name) // of its own names each is there
		if _, _, err := v.resolve(ctx, p, "", nil); err == nil {
			found = append(found, name)
		} else if e := (*presets.Unresolved)(nil); !errors.As(err, &e) {
			return "", err
		} else if e.Barred() {
			barred = e
		}
	}
	if len(found) > 1 {
		return "", &AmbiguousError{Presets: found}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if barred != nil {
		return "", fault.List{{File: s.at.shown, What: barred.Error(), Hint: "give the role of the DSN the right to read"}}
	}
	return "", nil
}

// AmbiguousError says that the tables of a database may be those of several CRMs, two at least.
type AmbiguousError struct{ Presets []string }

func (e *AmbiguousError) Error() string {
	last := len(e.Presets) - 1
	return fmt.Sprintf("the tables may be those of %s or %s", strings.Join(e.Presets[:last], ", "), e.Presets[last])
}

// Synced says when the loader of a preset's tables last wrote, as far as it notes that.
func (s *Source) Synced(ctx context.Context) (at pipeline.Opt[time.Time], err error) {
	if s.cfg.Preset == "" {
		return at, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StatementTimeout)
	defer cancel()
	v := &snapshot{source: s}
	defer v.end()
	if v.first, err = v.begin(ctx, ""); err != nil {
		return at, fmt.Errorf("connect to %s: %w", s.at.shown, s.at.explain(err))
	}
	if err := v.settleMapping(ctx); err != nil || v.mapping.synced == "" {
		return at, err
	}
	var newest *time.Time
	if err := v.first.GetContext(ctx, &newest, v.mapping.synced); err != nil {
		return at, fmt.Errorf("ask when the loader last wrote: %w", err)
	}
	if newest != nil {
		at = pipeline.Opt[time.Time]{V: *newest, OK: true}
	}
	return at, nil
}
