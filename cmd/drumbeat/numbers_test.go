package main

import (
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/health/twin"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
)

// noFigure finds what a computation leaves behind that went wrong.
var noFigure = regexp.MustCompile(`\b(?:NaN|nan|[Ii]nf|Infinity|infinity)\b|∞`)

// digits finds the number that a text begins with.
var digits = regexp.MustCompile(`^\d+(?:\.\d+)?`)

// oddNumber gives what in a text is no number that a reader would write, "" where there is nothing: NaN, infinity
// and a zero with a sign. A dash within a date or a name is no sign.
func oddNumber(text string) string {
	text = html.UnescapeString(text)
	for _, part := range []string{"NaN", "nan", "nf", "∞"} {
		if !strings.Contains(text, part) {
			continue // the pattern takes its time over a whole report
		}
		if found := noFigure.FindString(text); found != "" {
			return found
		}
	}
	for _, sign := range []string{"-", "−"} {
		for before, rest, found := strings.Cut(text, sign+"0"); found; before, rest, found = strings.Cut(rest, sign+"0") {
			last, _ := utf8.DecodeLastRuneInString(before)
			number := digits.FindString("0" + rest)
			if !unicode.IsLetter(last) && !unicode.IsDigit(last) && strings.Trim(number, "0.") == "" {
				return sign + number
			}
		}
	}
	return ""
}

func TestOddNumbersAreFound(t *testing.T) {
	for _, c := range []struct{ text, odd string }{
		{`"rate": NaN,`, "NaN"}, {"+Inf", "Inf"}, {"a,-Infinity", "Infinity"}, {"∞", "∞"},
		{`"diff": -0,`, "-0"}, {"-0", "-0"}, {"a,-0.0,5", "-0.0"}, {"a,-0,0,5", "-0"}, {"by -0.00.", "-0.00"}, {"−0\u00a0%", "−0"}, {"&minus;0 €", "−0"}, {"(-000)", "-000"},
		{"-0.004 and −0.5, -10, 0, 0.0", ""}, {"2012-02-06T00:00:00-00:00", ""}, {"Case-0 of 2011-0", ""}, {"Nancy's information", ""},
	} {
		if got := oddNumber(c.text); got != c.odd {
			t.Errorf("%q: %q is odd, want %q", c.text, got, c.odd)
		}
	}
}

// Whatever the rows, nobody is shown NaN, infinity or a zero below zero: not in a report, not in a digest.
func TestNoOutputShowsAnOddNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := twin.Case(t)
		r, err := health.Compute(in)
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range outputs(t, in, r) {
			if odd := oddNumber(text); odd != "" {
				t.Fatalf("%s shows %q:\n%s", what, odd, text)
			}
		}
	})
}

// Spreadsheets write a zero with a sign; from the rows on it has none.
func TestAZeroWithASignIsReadAsZero(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"reps": "id,name\nr1,Ada\n", "stage_changes": "deal_id,stage,at\nd1,Discovery,2026-01-05T10:00:00Z\n",
		"deals":     "id,name,rep_id,amount,probability,created_at,outcome\nd1,Mill,r1,-0.00,-0,2026-01-05T10:00:00Z,open\n",
		"forecasts": "deal_id,at,amount,probability\nd1,2026-01-06T10:00:00Z,-0,-0.0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		call(t, "import", dir, "--into", dsn)
		path := filepath.Join(dir, "drumbeat.yaml")
		process, err := filepath.Abs("../../config/process.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, "source: {dsn: %q}\nprocess: %q\n", dsn, process), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, of := range [][]string{{"--format", "json"}, {"--format", "csv", "--rows", "deals"}, {"--format", "csv", "--rows", "forecasts"}} {
			text := call(t, append([]string{"report", "--config", path, "--as-of", "2026-01-12"}, of...)...)
			if odd := oddNumber(text); odd != "" {
				t.Errorf("%v shows %q:\n%s", of, odd, text)
			}
		}
	})
}

// outputs is everything that is made of a report.
func outputs(t *rapid.T, in health.Input, r *health.Report) map[string]string {
	out := map[string]string{}
	for what, write := range map[string]func(io.Writer) error{
		"json":  func(w io.Writer) error { return health.WriteJSON(w, r, "") },
		"csv":   func(w io.Writer) error { return health.WriteCSV(w, r) },
		"table": func(w io.Writer) error { return health.WriteTable(w, r, in.Settings.Location) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		out[what] = b.String()
	}
	for _, rep := range r.Reps {
		var b strings.Builder
		if err := health.WriteTable(&b, health.OfRep(r, rep.ID), in.Settings.Location); err != nil {
			t.Fatal(err)
		}
		out["table of "+rep.ID] = b.String()
	}
	rule := digest.Rule{Kind: rapid.SampledFrom([]digest.Kind{digest.Manager, digest.Rep}).Draw(t, "kind"), Scope: digest.Tree}
	everybody := digest.Recipients(rule, in.Reading.Reps, pipeline.DateOf(in.AsOf, in.Settings.Location))
	if len(everybody) == 0 {
		return out
	}
	to := rapid.SampledFrom(everybody).Draw(t, "recipient") // one is enough of a case: to render takes its time
	d, err := digest.Build(digest.Input{Report: r, Settings: in.Settings, Process: in.Process, Reps: in.Reading.Reps, Recipient: to, Scope: rule.Scope})
	if err != nil {
		t.Fatal(err)
	}
	page, err := render.Render(d)
	if err != nil {
		t.Fatal(err)
	}
	out[string(rule.Kind)+" digest of "+to.Rep.ID] = strings.Join([]string{page.Subject, page.Preheader, page.HTML, page.Text}, "\n")
	return out
}
