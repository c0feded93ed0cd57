package twin

import (
	"encoding/json"
	"fmt"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/process"
)

// Describe writes an input down, a line for each row, so that a case can be worked out by hand.
func Describe(in health.Input) string {
	var b strings.Builder
	line := func(what string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			data = []byte(err.Error())
		}
		fmt.Fprintf(&b, "%s %s\n", what, data)
	}
	set := in.Settings
	set.Location = nil
	line("as of", in.AsOf)
	fmt.Fprintf(&b, "at %s\n", in.Settings.Location)
	line("settings", set)
	line("tables", in.Reading.Tables)
	line("pipelines", in.Process.Pipelines)
	for _, v := range in.Process.Versions {
		line("version from", v.From)
		describeStages(line, v.Stages)
	}
	for _, r := range in.Reading.Reps {
		line("rep", r)
	}
	for h, err := range in.Reading.Deals {
		if err != nil {
			line("no more deals", err)
			break
		}
		describeRows(line, "deal", []any{h.Deal})
		describeRows(line, "  change", h.Changes)
		describeRows(line, "  activity", h.Activities)
		describeRows(line, "  criterion", h.Criteria)
		describeRows(line, "  forecast", h.Forecasts)
		describeRows(line, "  waiver", h.Waivers)
	}
	return b.String()
}

func describeStages(line func(string, any), stages []process.Stage) {
	for _, s := range stages {
		own := s.Requires
		s.Requires = nil
		line("  stage", s)
		for _, c := range own {
			line("    requires", c)
		}
	}
}

func describeRows[T any](line func(string, any), what string, rows []T) {
	for _, r := range rows {
		line(what, r)
	}
}
