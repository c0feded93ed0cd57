package sample

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"drumbeat/internal/pipeline"
)

// columns of the canonical files, those without a value in this pipeline left out.
var columns = map[pipeline.Rows][]string{
	pipeline.Reps: {"id", "name", "email", "manager_id", "team", "time_zone", "active"},
	pipeline.Deals: {"id", "name", "rep_id", "pipeline", "amount", "currency", "created_at", "closed_at", "outcome",
		"stage", "expected_close", "probability", "forecast_category", "loss_reason"},
	pipeline.StageChanges: {"deal_id", "stage", "at", "rep_id", "seq"},
	pipeline.Activities:   {"deal_id", "at", "kind", "party"},
	pipeline.Criteria:     {"deal_id", "criterion", "met_at"},
	pipeline.Forecasts:    {"deal_id", "at", "expected_close", "amount", "probability", "category", "seq"},
	pipeline.Waivers:      {"deal_id", "checkpoint", "reason", "granted_by", "at"},
}

// WriteCSV writes the canonical files, one per kind of rows, into dir, which it creates where it is missing.
// Files of these names are replaced.
func (p *Pipeline) WriteCSV(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write sample: %w", err)
	}
	files := map[pipeline.Rows]*file{}
	defer func() {
		for _, rows := range pipeline.AllRows {
			if f := files[rows]; f != nil {
				err = errors.Join(err, f.close())
			}
		}
	}()
	for _, rows := range pipeline.AllRows {
		f, err := create(filepath.Join(dir, string(rows)+".csv"))
		if err != nil {
			return fmt.Errorf("write sample: %w", err)
		}
		files[rows] = f
		f.row(columns[rows]...)
	}
	for _, r := range p.Reps {
		files[pipeline.Reps].row(r.ID, r.Name, r.Email, r.ManagerID, r.Team, r.TimeZone, strconv.FormatBool(r.Active))
	}
	for h := range p.Deals() {
		writeDeal(files, h)
	}
	return nil
}

// writeDeal writes the rows of one deal.
func writeDeal(files map[pipeline.Rows]*file, h *pipeline.History) {
	d, id := h.Deal, h.Deal.ID
	closed := ""
	if d.ClosedAt.OK {
		closed = instant(d.ClosedAt.V)
	}
	files[pipeline.Deals].row(id, d.Name, d.RepID, d.Pipeline, number(d.Amount), d.Currency, instant(d.CreatedAt),
		closed, string(d.Outcome), d.Stage, date(d.ExpectedClose), number(d.Probability), d.ForecastCategory,
		d.LossReason)
	for _, r := range h.Changes {
		files[pipeline.StageChanges].row(id, r.Stage, instant(r.At), r.RepID, whole(r.Seq))
	}
	for _, r := range h.Activities {
		files[pipeline.Activities].row(id, instant(r.At), r.Kind, r.Party)
	}
	for _, r := range h.Criteria {
		files[pipeline.Criteria].row(id, r.Criterion, instant(r.At))
	}
	for _, r := range h.Forecasts {
		files[pipeline.Forecasts].row(id, instant(r.At), date(r.ExpectedClose), number(r.Amount),
			number(r.Probability), r.Category, whole(r.Seq))
	}
	for _, r := range h.Waivers {
		files[pipeline.Waivers].row(id, r.Checkpoint, r.Reason, r.GrantedBy, instant(r.At))
	}
}

// file is one CSV file being written; its first error is told on closing.
type file struct {
	os  *os.File
	csv *csv.Writer
	err error
}

func create(name string) (*file, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &file{os: f, csv: csv.NewWriter(f)}, nil
}

func (f *file) row(fields ...string) {
	if f.err == nil {
		f.err = f.csv.Write(fields)
	}
}

func (f *file) close() error {
	f.csv.Flush()
	err := errors.Join(f.err, f.csv.Error(), f.os.Close())
	if err != nil {
		return fmt.Errorf("write sample: %s: %w", f.os.Name(), err)
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func date(d pipeline.Opt[pipeline.Date]) string {
	if !d.OK {
		return ""
	}
	return d.V.String()
}

func number(n pipeline.Opt[float64]) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatFloat(n.V, 'f', -1, 64)
}

func whole(n pipeline.Opt[int64]) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatInt(n.V, 10)
}
