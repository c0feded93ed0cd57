package digest_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

func built(t *testing.T, in digest.Input) *digest.Digest {
	t.Helper()
	d, err := digest.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheAgendaPutsCommittedDealsFirst(t *testing.T) {
	d := built(t, digesttest.Input(digest.Manager, "m1"))
	var ids []string
	for _, row := range d.Team.Agenda {
		ids = append(ids, row.Deal.ID)
	}
	// d01 120k×3 committed, d06 210k×1 committed; then 95k×2, 61k×2, the unknown amount as the median 45k×2 above
	// 74k×1, 22k×3. Left over: 38k×1, 15.5k×1.
	if got := strings.Join(ids, " "); got != "d01 d06 d08 d09 d04 d03 d05" {
		t.Errorf("agenda %s", got)
	}
	if d.Team.AgendaMore == "" || !strings.Contains(d.Team.AgendaMore, "2") {
		t.Errorf("what is left over is not counted: %q", d.Team.AgendaMore)
	}
	for i, row := range d.Team.Agenda {
		if row.Rank != i+1 || (!strings.HasSuffix(row.Ask, "?") || strings.Count(row.Ask, "?") != 1) && !strings.HasPrefix(row.Ask, "The same as for ") {
			t.Errorf("row %d asks %q: one question each", i+1, row.Ask)
		}
	}
	if row := d.Team.Agenda[2]; row.Ask != "Which date in the plan is the buyer's own?" {
		t.Errorf("missing evidence is asked for in the coach's words, not %q", row.Ask)
	}
}

func TestSubjectAndPreheaderCarryTheNews(t *testing.T) {
	for _, s := range digesttest.Stories() {
		t.Run(s.Name, func(t *testing.T) {
			d := built(t, s.Input)
			if n := len([]rune(d.Subject)); n == 0 || n >= 60 || strings.ContainsAny(d.Subject, "\r\n\u00a0") {
				t.Errorf("subject %q has %d characters", d.Subject, n)
			}
			when := "week 45"
			if s.Input.Settings.Window == pipeline.Quarter {
				when = "July to September"
			}
			if !strings.Contains(d.Subject, when) {
				t.Errorf("subject %q does not say %s", d.Subject, when)
			}
			if n := len([]rune(d.Preheader)); n < 40 || n > 120 {
				t.Errorf("preheader %q has %d characters", d.Preheader, n)
			}
		})
	}
	d := built(t, digesttest.Input(digest.Manager, "m2"))
	if d.Subject != "South, week 45: 100 k€ stalled in 2 deals, adherence 72 %" || d.News != "2\u00a0deals worth 100\u00a0k€ stand still; 13 of 18 checkpoints met (72\u00a0%); 1\u00a0deal lost." {
		t.Errorf("subject %q, news %q", d.Subject, d.News)
	}
}

// strs collects every string of a view model.
func strs(v reflect.Value, out *[]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			strs(v.Elem(), out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			strs(v.Index(i), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			strs(v.Field(i), out)
		}
	case reflect.String:
		*out = append(*out, v.String())
	}
}

var plural = regexp.MustCompile(`(?:^|[^.\d])1 (deals|days|moves|checkpoints|calls|changes|times|points|buyers|people|quarters|exceptions|close dates)\b`)

func TestNoSentenceSaysNothingOrPluralOfOne(t *testing.T) {
	for _, s := range digesttest.Stories() {
		t.Run(s.Name, func(t *testing.T) {
			var all []string
			strs(reflect.ValueOf(built(t, s.Input)), &all)
			for _, text := range all {
				text = strings.ReplaceAll(text, "\u00a0", " ")
				if plural.MatchString(text) {
					t.Errorf("plural of one: %q", text)
				}
				for _, bad := range []string{"null", "-9223", "+Inf", "  ", "..", "?.", " ,", "“”", "( ", " 0 times"} {
					if strings.Contains(text, bad) {
						t.Errorf("%q in %q", bad, text)
					}
				}
			}
		})
	}
}

func TestEveryStoryStaysInItsScope(t *testing.T) {
	for _, s := range digesttest.Stories() {
		t.Run(s.Name, func(t *testing.T) {
			d := built(t, s.Input)
			if err := d.CheckScope(s.Input.Recipient.Members); err != nil {
				t.Error(err)
			}
			if s.Input.Recipient.Kind == digest.Manager && d.CheckScope([]string{"nobody"}) == nil {
				t.Error("the check finds nobody in a digest full of people")
			}
		})
	}
}

// A report whose group was computed over other reps, or whose deals carry another's, gives nothing of theirs.
func TestWhatIsSmuggledIntoTheReportIsAbsent(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	in.Report.Managers[0].Reps = append(in.Report.Managers[0].Reps, "r05")
	in.Report.Deals = append(in.Report.Deals, health.Deal{ID: "d99", Name: "Smuggled deal", RepID: pipeline.Some("r05"), Committed: true, Concerns: []string{"stalled"}, Missed: []string{"buyer:plan_agreed"}},
		health.Deal{ID: "d98", Name: "Orphaned deal", Committed: true, Concerns: []string{"stalled"}})
	in.Report.Gaps.InactiveReps = append(in.Report.Gaps.InactiveReps, "r05")
	in.Report.Lost = append(in.Report.Lost, health.LostDeal{ID: "d97", RepID: pipeline.Some("r05"), Clean: true})
	in.Report.Closed = append(in.Report.Closed, health.ClosedDeal{ID: "d96", Name: "Smuggled win", RepID: "r05", Won: true})
	var all []string
	strs(reflect.ValueOf(built(t, in)), &all)
	for _, rep := range in.Reps {
		if !slices.Contains(in.Recipient.Members, rep.ID) && slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, rep.Name) }) {
			t.Errorf("%s is named", rep.Name)
		}
	}
	for _, deal := range in.Report.Deals {
		if !slices.Contains(in.Recipient.Members, deal.RepID.V) && slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, deal.Name) || s == deal.ID }) {
			t.Errorf("%s is named", deal.Name)
		}
	}
	for _, id := range []string{"d96", "d97"} {
		if slices.Contains(all, id) {
			t.Errorf("%s is there", id)
		}
	}
}

func TestNothingToSay(t *testing.T) {
	for _, c := range []struct {
		name   string
		id     string
		change func(*digest.Input)
		want   bool
	}{
		{"no open deals, no moves, nothing due, nothing closed", "r08", quiet, true},
		{"a move", "r08", func(in *digest.Input) { quiet(in); f := figuresOf(in, "r08"); f.Trend[7].Moves = 1 }, false},
		{"something due", "r08", func(in *digest.Input) { quiet(in); figuresOf(in, "r08").Adherence.Due = 1 }, false},
		{"a win", "r08", func(in *digest.Input) {
			quiet(in)
			in.Report.Closed = []health.ClosedDeal{{ID: "w", RepID: "r08", Won: true}}
		}, false},
		{"a loss", "r08", func(in *digest.Input) {
			quiet(in)
			in.Report.Lost = []health.LostDeal{{ID: "l", RepID: pipeline.Some("r08")}}
		}, false},
		{"an open deal", "r04", quiet, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := digesttest.Input(digest.Rep, c.id)
			c.change(&in)
			if d := built(t, in); d.Empty != c.want {
				t.Errorf("empty %v, want %v", d.Empty, c.want)
			}
		})
	}
}

func figuresOf(in *digest.Input, id string) *health.Figures {
	for i := range in.Report.Reps {
		if in.Report.Reps[i].ID == id {
			return &in.Report.Reps[i].Figures
		}
	}
	return nil
}

func quiet(in *digest.Input) {
	f := figuresOf(in, in.Recipient.Rep.ID)
	f.Adherence.Due, f.Record.Moves = 0, 0
	for i := range f.Trend {
		f.Trend[i].Moves = 0
	}
	in.Report.Closed = nil
}

// A percentage of three is nobody's trend.
func TestTheTrendShowsOnlyWhatCanBeJudged(t *testing.T) {
	in := digesttest.Input(digest.Rep, "r01")
	f := figuresOf(&in, "r01")
	f.Trend[0].Due, f.Trend[0].Met = 3, 3
	c := built(t, in).Figures[0].Trends[0]
	if !c.Cols[0].Gap || c.Cols[7].Gap || !strings.Contains(c.Caption, "fewer than 5") {
		t.Errorf("%+v", c)
	}
	for i := range f.Trend {
		f.Trend[i].Due, f.Trend[i].Met = 1, 1
	}
	if c := built(t, in).Figures[0].Trends; c != nil {
		t.Errorf("a chart of single checkpoints: %+v", c)
	}
}

func TestATeamOfIdlePeopleIsNotATable(t *testing.T) {
	d := built(t, digesttest.InputOf(digesttest.NoForecasts(), digesttest.Reps(), digest.Manager, "m2", digest.Direct))
	for _, row := range d.Team.Table.Rows {
		if row.Rep.ID == "r08" || row.Rep.ID == "m2" {
			t.Errorf("a row without anything in it: %+v", row)
		}
	}
	if got := strings.ReplaceAll(d.Team.Table.Note, "\u00a0", " "); got != "Left out: 2 people with no open deal and nothing due." {
		t.Errorf("note %q", got)
	}
}

func TestFewCasesAreNotJudged(t *testing.T) {
	d := built(t, digesttest.Input(digest.Manager, "m1"))
	for _, row := range d.Team.Table.Rows {
		if row.Rep.ID == "r04" && (row.Interval != "too few to judge" || row.Bar != 0 || row.Adherence != "2 of 3") {
			t.Errorf("three cases were judged: %+v", row)
		}
	}
	rep := built(t, digesttest.Input(digest.Rep, "r04"))
	if f := rep.Figures[0]; f.Value != "2 of 3" || !strings.Contains(f.Detail, "too few to judge") {
		t.Errorf("figure %+v", f)
	}
}

func TestMissingTablesLeaveTheirFiguresOut(t *testing.T) {
	keys := func(d *digest.Digest) string {
		var out []string
		for _, f := range d.Figures {
			out = append(out, f.Key)
		}
		return strings.Join(out, " ")
	}
	of := func(r *health.Report) *digest.Digest {
		return built(t, digesttest.InputOf(r, digesttest.Reps(), digest.Manager, "m1", digest.Direct))
	}
	if d := of(digesttest.Report()); keys(d) != "adherence stalled moves forecast" || !d.Team.Table.Forecast {
		t.Errorf("figures %s", keys(d))
	}
	if d := of(digesttest.NoForecasts()); keys(d) != "adherence stalled moves" || d.Team.Table.Forecast {
		t.Errorf("figures without forecasts %s", keys(d))
	}
	var all []string
	strs(reflect.ValueOf(of(digesttest.NoActivities())), &all)
	if s := strings.Join(all, "|"); strings.Contains(s, "uyer active") || strings.Contains(s, "silent for") {
		t.Error("speaks of a buyer whom no table knows")
	}
	if d := of(digesttest.AllNull()); keys(d) != "" || d.News == "" {
		t.Errorf("figures of nothing %s, news %q", keys(d), d.News)
	}
}

func TestCleanLossesAreSaid(t *testing.T) {
	d := built(t, digesttest.Input(digest.Rep, "r01"))
	if !slices.ContainsFunc(d.Own.Well, func(p digest.Praise) bool {
		return p.Deal.ID == "d90" && p.Deal.Name == "Rheinwerk invoice portal" && strings.Contains(p.Text, "you did everything right")
	}) {
		t.Errorf("well: %+v", d.Own.Well)
	}
	d = built(t, digesttest.Input(digest.Rep, "r02"))
	if len(d.Own.Lost) != 1 || !strings.Contains(d.Own.Lost[0].Text, "First missing: “The buyer has named the problem and its owner”.") {
		t.Errorf("retraced: %+v", d.Own.Lost)
	}
}

func TestATreeIsSummed(t *testing.T) {
	in := digesttest.InputOf(digesttest.Report(), digesttest.Reps(), digest.Manager, "m1", digest.Tree)
	if got := strings.Join(in.Recipient.Members, " "); got != "m1 m3 r01 r02 r03 r04 r09 r10 r11 r12" {
		t.Fatalf("members %s", got)
	}
	d := built(t, in)
	if f := d.Figures[0]; !strings.HasPrefix(strings.ReplaceAll(f.Detail, "\u00a0", " "), "32 of 48 checkpoints met") {
		t.Errorf("adherence %+v", f)
	}
	if f := d.Figures[1]; f.Value != fmt.Sprintf("%d of %d", 8, 12) {
		t.Errorf("stalled %+v", f)
	}
}

func TestWhatCannotBeBuiltIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*digest.Input)
		want   string
	}{
		"nobody of the scope is in the report": {func(in *digest.Input) { in.Recipient.Members = []string{"x"} }, "none of the reps x"},
		"a link that is none":                  {func(in *digest.Input) { in.DealLink = "javascript:{id}" }, "links.deal"},
		"an admin digest":                      {func(in *digest.Input) { in.Recipient.Kind = digest.Admin }, "admin"},
	} {
		in := digesttest.Input(digest.Manager, "m1")
		c.change(&in)
		if _, err := digest.Build(in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Sunday 18:00 on New York's clock is the end of Sunday where the days were counted; it must not look cut short.
func TestTheFiguresAreAsOfTheReportsOwnClock(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m3")
	if d := built(t, in); d.About.AsOf != "the end of Sunday 8 November (Europe/Berlin)" {
		t.Errorf("as of a midnight: %q", d.About.AsOf)
	}
	in.Report.AsOf = in.Report.AsOf.Add(15*time.Hour + 30*time.Minute)
	if d := built(t, in); d.About.AsOf != "Monday 9 November, 15:30 (Europe/Berlin)" {
		t.Errorf("as of an afternoon: %q", d.About.AsOf)
	}
}

// However many losses were clean, a team hears of its wins first.
func TestTheTeamsWinsComeBeforeItsLosses(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	for i := range 3 {
		id := fmt.Sprint("a", i)
		in.Report.Lost = append(in.Report.Lost, health.LostDeal{ID: id, RepID: pipeline.Some("r01"), Clean: true})
		in.Report.Closed = append([]health.ClosedDeal{{ID: id, RepID: "r01"}}, in.Report.Closed...)
	}
	in.Report.Closed = append(in.Report.Closed, health.ClosedDeal{ID: "z1", RepID: "r02", Won: true})
	var said []string
	for _, p := range built(t, in).Team.Well {
		said = append(said, p.Deal.ID+" "+strings.SplitN(p.Text, ",", 2)[0])
	}
	if want := []string{"d93 won", "z1 won", "d90 lost", "a0 lost", " And 2\u00a0more losses of which the same is true."}; !slices.Equal(said, want) {
		t.Errorf("well: %q", said)
	}
}

// A probability is judged in two steps: what came of it, and what so few calls would fit.
func TestCallsAreSetBesideWhatCameOfThem(t *testing.T) {
	bin := func(n int, said, won, low, high float64) health.CalibrationBin {
		return health.CalibrationBin{N: n, MeanChance: pipeline.Some(said), WonRate: pipeline.Some(won), Low: pipeline.Some(low), High: pipeline.Some(high)}
	}
	for _, c := range []struct {
		name string
		bin  health.CalibrationBin
		want string
	}{
		{"few calls fit nearly anything", bin(8, 0.09, 0.125, 0.02, 0.47), "When you said about 9 %, 1 of 8 was won in time (13 %). That fits, as anything from 2 % to 47 % would."},
		{"nothing was won", bin(5, 0.06, 0, 0, 0.43), "When you said about 6 %, none of 5 was won in time. That fits, as anything from 0 % to 43 % would."},
		{"too hopeful", bin(22, 0.83, 12.0/22, 0.35, 0.73), "When you said about 83 %, 12 of 22 were won in time (55 %). That is fewer than you said; it fits a chance of 35 % to 73 %."},
		{"too careful", bin(40, 0.1, 0.5, 0.35, 0.65), "When you said about 10 %, 20 of 40 were won in time (50 %). That is more than you said; it fits a chance of 35 % to 65 %."},
	} {
		in := digesttest.Input(digest.Rep, "r01")
		figuresOf(&in, "r01").Forecast.Calibration = []health.CalibrationBin{c.bin}
		var said []string
		for _, s := range built(t, in).Own.Calls {
			said = append(said, strings.ReplaceAll(s, "\u00a0", " "))
		}
		if !slices.Contains(said, c.want) {
			t.Errorf("%s: %q", c.name, said)
		}
	}
}

// Who wants a mail every week gets one line when there is nothing to say.
func TestNothingToSayIsOneLine(t *testing.T) {
	for _, in := range []digest.Input{digesttest.Input(digest.Rep, "r08"), digesttest.EmptyTeam()} {
		d := built(t, in)
		if !d.Empty || d.News != "A quiet week: nothing moved and nothing was due." {
			t.Fatalf("empty %t, news %q", d.Empty, d.News)
		}
		var all []string
		strs(reflect.ValueOf([]any{d.Figures, d.Team, d.Own, d.Care, d.About.Terms}), &all)
		if s := strings.TrimSpace(strings.Join(all, "")); s != "" {
			t.Errorf("beside the line: %q", s)
		}
	}
}
