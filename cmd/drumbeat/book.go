package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/schedule"
	"drumbeat/internal/web"
	"drumbeat/internal/worker"
)

// shelfBook makes everybody's digests for the preview and remembers them. When the config or a file that it names has
// changed, it begins anew; a fault is the answer until it is mended.
type shelfBook struct {
	path string

	mu       sync.Mutex
	stamp    string // of the files when they were read the last time
	err      error  // what was wrong with them
	house    *house
	renderer *render.Renderer
	preview  *worker.Preview
	days     []shelfDay
}

type shelfDay struct {
	day     pipeline.Date
	shelves []web.Shelf
}

// mostDays bounds what is remembered; figures behind them are bounded by worker.Preview.
const mostDays = 12

func newBook(path string) *shelfBook { return &shelfBook{path: path} }

// Close lets the source go.
func (b *shelfBook) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut()
}

func (b *shelfBook) shut() {
	if b.house != nil {
		_ = b.house.Close() // it was only read from
	}
	b.house, b.renderer, b.preview, b.days = nil, nil, nil, nil
}

// open reads the config, unless it is the same as before.
func (b *shelfBook) open(ctx context.Context) (*config.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	return b.house.Config, nil
}

func (b *shelfBook) refresh(ctx context.Context) error {
	now := stampOf(b.path)
	if b.house != nil || b.err != nil {
		if now == b.stamp {
			return b.err
		}
	}
	b.shut()
	b.stamp = now
	b.err = b.begin(ctx)
	return b.err
}

func (b *shelfBook) begin(ctx context.Context) error {
	cfg, err := loadConfig(b.path, false)
	if err != nil {
		return err
	}
	cfg.Mail.From = senderOr(cfg.Mail.From)
	if b.renderer, err = newRenderer(cfg); err != nil {
		return err
	}
	if b.house, err = openHouse(ctx, cfg, "", slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if cfg.Web.BaseURL != "" {
		b.house.Links = deadLinks{cfg.Web.BaseURL}
	}
	b.preview = b.house.NewPreview()
	return nil
}

// stampOf tells one state of the files behind a config from another: those of its folder and of the folders below,
// where process, queries, waivers and templates usually are.
func stampOf(path string) string {
	var b strings.Builder
	dir := filepath.Dir(path)
	for _, pattern := range []string{"*", "*/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			continue // the pattern is ours
		}
		for _, name := range names {
			if !slices.Contains([]string{".yaml", ".yml", ".csv", ".sql", ".html", ".txt"}, filepath.Ext(name)) {
				continue
			}
			if info, err := os.Stat(name); err == nil {
				fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}

// On implements web.Book.
func (b *shelfBook) On(ctx context.Context, day pipeline.Date) ([]web.Shelf, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refresh(ctx); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(b.days, func(d shelfDay) bool { return d.day == day }); i >= 0 {
		return b.days[i].shelves, nil
	}
	var shelves []web.Shelf
	for _, s := range b.house.Config.Schedules {
		if s.Digest == config.Admin { // it tells of runs, and here there are none
			continue
		}
		shelf, err := b.shelf(ctx, s, day)
		if err != nil {
			return nil, err
		}
		shelves = append(shelves, shelf)
	}
	b.days = append(b.days, shelfDay{day, shelves})
	if len(b.days) > mostDays {
		b.days = slices.Delete(b.days, 0, 1)
	}
	return shelves, nil
}

// shelf is what one schedule would send on its last tick of the day or before. An error is the source's: another
// schedule would fare no better.
func (b *shelfBook) shelf(ctx context.Context, s config.Schedule, day pipeline.Date) (web.Shelf, error) {
	zone := b.house.Config.Zone
	shelf := web.Shelf{Schedule: s.Name, Kind: s.Digest}
	tick, err := moment{date: day, isDate: true}.tick(s, zone)
	if err != nil {
		shelf.Err = err
		return shelf, nil //nolint:nilerr // it is this schedule's alone, and its shelf shows it
	}
	look, err := b.preview.Look(ctx, s, tick)
	if err != nil {
		return shelf, err
	}
	last := pipeline.DateOf(schedule.End(tick, zone), zone) - 1
	shelf.When = fmt.Sprintf("The %s until %s; goes out on %s (%s)", s.Window, last.Start(zone).Format("Monday, 2 January"),
		tick.In(s.Zone).Format("Monday, 2 January 2006, at 15:04"), s.Zone)
	if s.RecipientZone {
		shelf.When = strings.TrimSuffix(shelf.When, fmt.Sprintf("(%s)", s.Zone)) + "in each recipient's zone"
	}
	look.All(func(m worker.Looked) {
		e := web.Entry{ID: m.To.Rep.ID, Name: m.To.Rep.Name, Address: m.To.Address, Team: m.To.Rep.Team,
			Subject: m.Subject, Preheader: m.Preheader, Skip: m.Skip, Err: m.Err}
		if e.Name == "" {
			e.Name = e.ID
		}
		e.Mail = func() ([]byte, error) {
			again := look.Mail(m.To)
			return again.Raw, again.Err
		}
		shelf.Entries = append(shelf.Entries, e)
	})
	return shelf, nil
}
