package digest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// said is everything that a digest says but for its foot, in plain spaces.
func said(d *digest.Digest) string {
	var all []string
	body := *d
	body.About = digest.About{}
	strs(reflect.ValueOf(&body), &all)
	return strings.ReplaceAll(strings.Join(all, "\n"), "\u00a0", " ")
}

func TestDataThatStopAreSaidOnTop(t *testing.T) {
	for _, c := range []struct {
		newest        string // days back from 9 November 2026
		days          int
		care, subject string
	}{
		{"yesterday", 1, "", ""},
		{"just inside a week", 7, "", ""},
		{"nine days ago", 9, "The newest entry in the data is of 31 October, 9 days before this digest. If the connection to the CRM has stopped, this digest says nothing about anybody; please ask whoever runs Drumbeat in your company.", "data stop on 31 October"},
		{"sixty days ago", 60, "of 10 September, 60 days before", "data stop on 10 September"},
		{"a little more", 63, "of 7 September, 9 weeks before", "data stop on 7 September"},
		{"half a year ago", 200, "of 23 April, 6 months before", "data stop on 23 April"},
		{"in another age", 5353, "of 14 March 2012, 14 years before", "data stop on 14 March 2012"},
	} {
		for _, to := range []struct {
			kind digest.Kind
			id   string
		}{{digest.Manager, "m1"}, {digest.Rep, "r01"}} {
			in := digesttest.InputOf(digesttest.Stale(digesttest.AsOf.AddDate(0, 0, -c.days)), digesttest.Reps(), to.kind, to.id, digest.Direct)
			d := built(t, in)
			care := strings.ReplaceAll(strings.Join(d.Care, "\n"), "\u00a0", " ")
			if !strings.Contains(care, c.care) || c.care == "" && care != "" {
				t.Errorf("%s, %s: care %q", c.newest, to.kind, care)
			}
			if !strings.HasSuffix(d.Subject, c.subject) || strings.Contains(d.Subject, "data stop") != (c.subject != "") || len([]rune(d.Subject)) >= 60 {
				t.Errorf("%s, %s: subject %q", c.newest, to.kind, d.Subject)
			}
		}
	}
}

// A source that has stopped makes every deal stand still and every buyer silent: none of it is told as news.
func TestStaleDataAccuseNobody(t *testing.T) {
	for _, to := range []struct {
		kind digest.Kind
		id   string
	}{{digest.Manager, "m1"}, {digest.Rep, "r01"}} {
		in := digesttest.InputOf(digesttest.Stale(digesttest.AsOf.AddDate(0, 0, -40)), digesttest.Reps(), to.kind, to.id, digest.Direct)
		before := fmt.Sprintf("%+v", *in.Report.Reps[0].Record)
		d := built(t, in)
		text := said(d)
		for _, bad := range []string{"stands still", "stand still.", "uyer silent", "silent buyer:", "usual limit 2", "quiet week", "not entered yet", "is it not entered", "has passed", "checkpoints met", "rep by rep"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q in %q", to.kind, bad, text)
			}
		}
		if !strings.HasPrefix(strings.ReplaceAll(d.News, "\u00a0", " "), "There is no news of the week: nothing in the data is newer than 30 September.") {
			t.Errorf("news %q", d.News)
		}
		if got := fmt.Sprintf("%+v", *in.Report.Reps[0].Record); got != before || in.Report.Reps[0].Stall == nil {
			t.Error("one digest has changed the report of all")
		}
	}
}

// After a holiday what the deals lack is still worth a talk; after a season it is not known any more.
func TestWhenDataStopForLongNoDealIsAskedAbout(t *testing.T) {
	for days, want := range map[int]bool{20: true, 61: false} {
		for _, to := range []struct {
			kind digest.Kind
			id   string
		}{{digest.Manager, "m1"}, {digest.Rep, "r01"}} {
			d := built(t, digesttest.InputOf(digesttest.Stale(digesttest.AsOf.AddDate(0, 0, -days)), digesttest.Reps(), to.kind, to.id, digest.Direct))
			var asked int
			if d.Team != nil {
				asked = len(d.Team.Agenda)
			} else {
				asked = len(d.Own.First) + len(d.Own.Watch)
			}
			if asked > 0 != want {
				t.Errorf("%d days, %s: %d deals", days, to.kind, asked)
			}
		}
	}
}

// A month's window is not stale after ten days.
func TestHowOldIsStaleDependsOnTheWindow(t *testing.T) {
	r := digesttest.Stale(digesttest.AsOf.AddDate(0, 0, -10))
	r.Window.Start = pipeline.Month.Back(r.AsOf, 1, digesttest.Berlin)
	in := digesttest.InputOf(r, digesttest.Reps(), digest.Rep, "r01", digest.Direct)
	in.Settings.Window = pipeline.Month
	if d := built(t, in); len(d.Care) > 0 {
		t.Errorf("care %q", d.Care)
	}
	r.Window.Start, r.Newest = r.AsOf.Add(-24*time.Hour), pipeline.Some(r.AsOf.AddDate(0, 0, -3))
	if d := built(t, in); len(d.Care) > 0 {
		t.Errorf("a weekend makes a day's digest stale: %q", d.Care)
	}
}

func TestAProcessThatFitsNothingIsNobodysFault(t *testing.T) {
	r := digesttest.PoorRecord()
	for i := range r.Deals {
		d := &r.Deals[i]
		d.Stage, d.Stalled, d.DaysInStage, d.ThresholdDays, d.ChanceToAdvance = pipeline.Opt[string]{}, pipeline.Opt[bool]{}, health.Number{}, health.Number{}, health.Number{}
		d.Missed, d.Lacks, d.Concerns = nil, nil, nil
	}
	r.Deals[0].Concerns = []string{health.ConcernSilent}
	for i := range r.Reps {
		if s := r.Reps[i].Stall; s != nil {
			s.StalledDeals = 0
		}
	}
	rep := built(t, digesttest.InputOf(r, digesttest.Reps(), digest.Rep, "r01", digest.Direct))
	if want := "175 of 512 stage changes go to stages that the process does not know. The figures below do not see these moves. This is not about you: it is the process that has to learn those stages."; len(rep.Care) != 1 || rep.Care[0] != want {
		t.Errorf("the rep reads %q", rep.Care)
	}
	for _, bad := range []string{"stands still", "open deal is within", "checkpoints met, ", "checkpoints met (", "In a stage that the process", "question"} {
		if strings.Contains(said(rep), bad) {
			t.Errorf("the rep reads %q", bad)
		}
	}
	if rep.Own.Focus != nil || len(rep.Own.First) != 1 || rep.Own.First[0].Deal.ID != "d01" || len(rep.Own.Watch) != 0 {
		t.Errorf("focus %+v, first %+v: an unknown stage alone is nothing to do", rep.Own.Focus, rep.Own.First)
	}
	boss := built(t, digesttest.InputOf(r, digesttest.Reps(), digest.Manager, "m1", digest.Direct))
	want := "Have those stages added to the process, the most frequent first: “Demo booked” (120 changes), “On hold” (44 changes), “Legal” (9 changes) and 1 more."
	if !slices.ContainsFunc(boss.Care, func(s string) bool { return strings.HasSuffix(strings.ReplaceAll(s, "\u00a0", " "), want) }) {
		t.Errorf("the manager reads %q", boss.Care)
	}
	for _, bad := range []string{"checkpoints met (", "Skipped in", "0 of "} {
		if strings.Contains(said(boss), bad) {
			t.Errorf("the manager reads %q, which is the process's doing", bad)
		}
	}
	if strings.Count(said(boss), "Demo booked") != 1 || boss.Team.Focus != nil || len(boss.Team.Coaching) > 0 {
		t.Errorf("the manager is asked twice, or coaches on it: %q", said(boss))
	}
}

// Three deals in one stage: what comes next is said with the first.
func TestWhatComesNextIsSaidOnceForAStage(t *testing.T) {
	in := digesttest.Input(digest.Rep, "r01")
	in.Report.Deals = nil
	for i, stage := range []string{"discovery", "discovery", "proposal"} {
		in.Report.Deals = append(in.Report.Deals, health.Deal{ID: fmt.Sprint(i), RepID: pipeline.Some("r01"), Stage: pipeline.Some(stage), Concerns: []string{health.ConcernStalled}})
	}
	first := built(t, in).Own.First
	if !strings.HasPrefix(first[0].Ahead, "Next is Evaluation:") || first[1].Ahead != "" || !strings.HasPrefix(first[2].Ahead, "Next is Negotiation:") {
		t.Errorf("%q, %q, %q", first[0].Ahead, first[1].Ahead, first[2].Ahead)
	}
}
