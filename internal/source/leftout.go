package source

import (
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// Gap is something that a source lacks, and what follows from it.
type Gap struct {
	Lacks   string // rows, or rows.column
	Figures string // what cannot be told without it, in the words of metrics.md
	Back    string // what would bring it back; empty: only the source itself
}

// LeftOut says which figures a source cannot support, given which rows it has and which columns of those it lacks (by
// their canonical names). Missing rows come first, then missing columns, each in the order of the canonical rows.
func LeftOut(tables map[pipeline.Rows]bool, missing map[pipeline.Rows][]string) []Gap {
	var out []Gap
	for _, rows := range pipeline.AllRows {
		if g, known := withoutRows[rows]; known && !tables[rows] {
			out = append(out, g)
		}
	}
	for _, rows := range pipeline.AllRows {
		if !tables[rows] {
			continue
		}
		lacks := func(column string) bool { return slices.Contains(missing[rows], column) }
		for _, g := range withoutColumns[rows] {
			if all := strings.Split(g.Lacks, "+"); !slices.ContainsFunc(all, func(c string) bool { return !lacks(c) }) {
				g.Lacks = string(rows) + "." + strings.Join(all, ", "+string(rows)+".")
				out = append(out, g)
			}
		}
	}
	return out
}

// withoutRows is what follows from rows that are not there at all; see "Sources" in metrics.md, and its chapters.
var withoutRows = map[pipeline.Rows]Gap{
	pipeline.StageChanges: {Lacks: "stage_changes",
		Figures: "adherence, days in stage, stalls and pace, fitness, paths that win, what a checkpoint earns, calls by stage, consistency, pressure, focus, moves entered for the record, lost deals retraced",
		Back:    "a history of stages. Else runs observe the open deals: from the second one on days in stage, stalls, pace and buyer evidence come of what moved since; skipped stages, fitness, paths and the questions to the record never do"},
	pipeline.Activities: {Lacks: "activities",
		Figures: "silent buyers and days since the buyer's last activity, deals without activity, moves that nothing backs; a checkpoint that is met by an activity never falls due",
		Back:    "rows of activities: deal, time, kind, and party where it was the buyer's own doing"},
	pipeline.Criteria: {Lacks: "criteria",
		Figures: "a checkpoint of buyer evidence that is met by a criterion never falls due",
		Back:    "rows of what buyers did (deal, criterion, time), or checkpoints met by an activity or a field in process.yaml"},
	pipeline.Forecasts: {Lacks: "forecasts",
		Figures: "forecast calls and all that is made of them (accuracy, bias, Brier score, calibration, lead times, slips, wins that nobody called), pushes of the expected close",
		Back:    "a history of expected close, amount and probability. Else runs observe the open deals, for the periods whose calls fall behind the first run"},
	pipeline.Waivers: {Lacks: "waivers", Figures: "agreed exceptions", Back: "a file of waivers, named by `waivers` in the config"},
}

// withoutColumns is what follows from columns that are not there; several joined by + only where all of them are missing.
var withoutColumns = map[pipeline.Rows][]Gap{
	pipeline.Reps: {
		{Lacks: "email", Figures: "nobody has an address: no digest can be sent", Back: "`people` in the config"},
		{Lacks: "manager_id", Figures: "nobody is a manager: no team digests and no figures of teams", Back: "`people` in the config"},
		{Lacks: "team", Figures: "recipients cannot be chosen by team", Back: "`people` in the config"},
		{Lacks: "time_zone", Figures: "mails come at the schedule's hour, not at the recipient's", Back: "`people` in the config"},
	},
	pipeline.Deals: {
		{Lacks: "rep_id", Figures: "every figure by rep or by team: deals count for the whole only"},
		{Lacks: "pipeline", Figures: "deals of several pipelines cannot be told apart: leave `pipelines` out of process.yaml"},
		{Lacks: "amount", Figures: "money: stalled amount, predicted and actual, accuracy and bias, deals without an amount; the agenda goes by concerns alone"},
		{Lacks: "currency", Figures: "amounts count in the report's currency, whatever they are in", Back: "`currency` in the config"},
		{Lacks: "closed_at", Figures: "closed deals without a move into a closed stage are in no figure"},
		{Lacks: "stage", Figures: "the stage of a deal that has no move yet"},
		{Lacks: "expected_close", Figures: "deals without an expected close and overdue ones; what runs observe makes no forecast call without it"},
		{Lacks: "probability+forecast_category", Figures: "the stated chance of a deal", Back: "`win_probability` of the stages in process.yaml stands in for it"},
		{Lacks: "loss_reason", Figures: "the reason of a loss, where lost deals are retraced"},
	},
	pipeline.StageChanges: {
		{Lacks: "rep_id", Figures: "who moved a deal: its owner answers for every move, and no move is asked about as entered for the record"},
	},
	pipeline.Activities: {
		{Lacks: "party", Figures: "whose doing an activity was: any activity counts against silence, and a checkpoint met by activity never falls due"},
	},
}
