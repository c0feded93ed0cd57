package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"drumbeat/internal/pipeline"
)

// canonical says how rows are printed as they were read: the columns, and the rows of one deal.
type canonical struct {
	columns []string
	of      func(h *pipeline.History) [][]string
}

var canonicalRows = map[pipeline.Rows]canonical{
	pipeline.Deals: {[]string{"id", "name", "rep_id", "pipeline", "amount", "currency", "created_at", "closed_at", "outcome", "stage",
		"expected_close", "probability", "forecast_category", "loss_reason"}, func(h *pipeline.History) [][]string {
		d := h.Deal
		closed := ""
		if d.ClosedAt.OK {
			closed = instantText(d.ClosedAt.V)
		}
		return [][]string{{d.ID, d.Name, d.RepID, d.Pipeline, numberText(d.Amount), d.Currency, instantText(d.CreatedAt), closed,
			string(d.Outcome), d.Stage, dateText(d.ExpectedClose), numberText(d.Probability), d.ForecastCategory, d.LossReason}}
	}},
	pipeline.StageChanges: {[]string{"deal_id", "stage", "at", "rep_id", "seq"}, func(h *pipeline.History) [][]string {
		return each(h, h.Changes, func(r pipeline.StageChange) []string {
			return []string{r.Stage, instantText(r.At), r.RepID, wholeText(r.Seq)}
		})
	}},
	pipeline.Activities: {[]string{"deal_id", "at", "kind", "party"}, func(h *pipeline.History) [][]string {
		return each(h, h.Activities, func(r pipeline.Activity) []string { return []string{instantText(r.At), r.Kind, r.Party} })
	}},
	pipeline.Criteria: {[]string{"deal_id", "criterion", "met_at"}, func(h *pipeline.History) [][]string {
		return each(h, h.Criteria, func(r pipeline.CriterionMet) []string { return []string{r.Criterion, instantText(r.At)} })
	}},
	pipeline.Forecasts: {[]string{"deal_id", "at", "expected_close", "amount", "probability", "category", "seq"}, func(h *pipeline.History) [][]string {
		return each(h, h.Forecasts, func(r pipeline.Forecast) []string {
			return []string{instantText(r.At), dateText(r.ExpectedClose), numberText(r.Amount), numberText(r.Probability), r.Category, wholeText(r.Seq)}
		})
	}},
	pipeline.Waivers: {[]string{"deal_id", "checkpoint", "reason", "granted_by", "at"}, func(h *pipeline.History) [][]string {
		return each(h, h.Waivers, func(r pipeline.Waiver) []string {
			return []string{r.Checkpoint, r.Reason, r.GrantedBy, instantText(r.At)}
		})
	}},
}

// each puts the deal's id before every row.
func each[R any](h *pipeline.History, rows []R, fields func(R) []string) [][]string {
	out := make([][]string, 0, len(rows))
	for _, r := range rows {
		out = append(out, append([]string{h.Deal.ID}, fields(r)...))
	}
	return out
}

// writeRows prints canonical rows as the source hands them over, those of unknown deals left out: CSV that
// import would take.
func writeRows(w io.Writer, reading *pipeline.Reading, name pipeline.Rows) error {
	out := csv.NewWriter(w)
	if name == pipeline.Reps {
		rows := [][]string{{"id", "name", "email", "manager_id", "team", "time_zone", "active"}}
		for _, r := range reading.Reps {
			rows = append(rows, []string{r.ID, r.Name, r.Email, r.ManagerID, r.Team, r.TimeZone, strconv.FormatBool(r.Active)})
		}
		return out.WriteAll(rows)
	}
	if !reading.Tables[name] {
		return wrong("--rows: the source has no %s", name)
	}
	if err := out.Write(canonicalRows[name].columns); err != nil {
		return fmt.Errorf("print %s: %w", name, err)
	}
	for h, err := range reading.Deals {
		if err != nil {
			return err
		}
		for _, row := range canonicalRows[name].of(h) {
			if err := out.Write(row); err != nil {
				return fmt.Errorf("print %s: %w", name, err)
			}
		}
	}
	out.Flush()
	return out.Error()
}

func instantText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func dateText(d pipeline.Opt[pipeline.Date]) string {
	if !d.OK {
		return ""
	}
	return d.V.String()
}

func numberText(n pipeline.Opt[float64]) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatFloat(n.V, 'f', -1, 64)
}

func wholeText(n pipeline.Opt[int64]) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatInt(n.V, 10)
}
