package digest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/pipeline"
)

func admin(t *testing.T, in digest.Operations) *digest.Digest {
	t.Helper()
	d, err := digest.BuildAdmin(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func titles(d *digest.Digest) string {
	var out []string
	for _, task := range d.Admin.Todo {
		out = append(out, strings.ReplaceAll(task.Title, "\u00a0", " "))
	}
	return strings.Join(out, "|")
}

func TestTheAdminsSubjectCarriesTheNews(t *testing.T) {
	monday := time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)
	run := func(change func(*digest.RunRecord), states ...string) digest.RunRecord {
		r := digest.RunRecord{Schedule: "own", Span: pipeline.Week, Period: pipeline.NewDate(2026, 6, 1), Tick: monday, Began: monday.Add(time.Second)}
		for i, s := range states {
			r.Mails = append(r.Mails, digest.MailRecord{RepID: fmt.Sprint(i), State: s, Made: true})
		}
		if change != nil {
			change(&r)
		}
		return r
	}
	refused := "source: open: dial tcp 127.0.0.1:5432: connect: connection refused"
	for _, c := range []struct {
		name string
		in   digest.Operations
		want string
		todo string
	}{
		{"all went well", digest.Operations{Runs: []digest.RunRecord{run(nil, "sent", "sent")}}, "Weekly digests: 2 sent", ""},
		{"one refused, one unknown", digest.Operations{Cause: digest.Trouble, Runs: []digest.RunRecord{run(nil, "sent", "failed", "unknown", "pending")}},
			"Weekly digests: 1 sent, 1 failed, 1 perhaps sent, 1 waiting", "own: 1 digest was refused|own: 1 digest may or may not have arrived"},
		{"none could be made", digest.Operations{Cause: digest.Trouble, Runs: []digest.RunRecord{run(func(r *digest.RunRecord) { r.Mails[0].Made = false }, "failed")}},
			"Weekly digests: 0 sent, 1 failed", "own: 1 digest could not be made"},
		{"late by two hours", digest.Operations{Runs: []digest.RunRecord{run(func(r *digest.RunRecord) { r.Began = monday.Add(150 * time.Minute) }, "sent")}},
			"Weekly digests: 1 sent, 2 hours late", ""},
		{"called by hand is not late", digest.Operations{Runs: []digest.RunRecord{run(func(r *digest.RunRecord) { r.Tick, r.Began = time.Time{}, monday.AddDate(0, 0, 3) }, "sent")}},
			"Weekly digests: 1 sent", ""},
		{"each one's own hour, planned at midnight", digest.Operations{Runs: []digest.RunRecord{run(func(r *digest.RunRecord) { r.OwnHour, r.Began = true, monday.Add(-7*time.Hour) }, "pending")}},
			"Weekly digests: 0 sent, 1 waiting", ""},
		{"a week and a month", digest.Operations{Runs: []digest.RunRecord{run(nil, "sent"), run(func(r *digest.RunRecord) { r.Span = pipeline.Month }, "sent")}},
			"Digests: 2 sent", ""},
		{"the source is out of reach", digest.Operations{Cause: digest.NotMade, Due: []digest.DueTick{{Schedule: "own", At: monday, Why: refused}, {Schedule: "team", At: monday, Why: refused}}},
			"Drumbeat could not read the pipeline: connection refused", "The pipeline database cannot be read"},
		{"the config names a stranger", digest.Operations{Cause: digest.NotMade, Due: []digest.DueTick{{Schedule: "own", At: monday, Setup: true, Why: "people: R999 is not there"}}},
			"Config and pipeline disagree: people: R999 is not there", "The config does not fit the pipeline"},
		{"ticks that nobody makes up for", digest.Operations{Cause: digest.Missed, Missed: []digest.DueTick{{Schedule: "own", At: monday, Why: "older than max_age, 3 days"}}},
			"Digests were left out: own", "own was left out"},
		{"the data stop", digest.Operations{Cause: digest.Trouble, Runs: []digest.RunRecord{run(nil, "sent")},
			Data: &digest.DataState{AsOf: monday, Window: 7 * 24 * time.Hour, Newest: pipeline.Some(monday.AddDate(0, 0, -20))}},
			"Weekly digests: 1 sent, data stop on 12 May", "The data stop on 12 May"},
		{"half of the rows are there", digest.Operations{Cause: digest.Trouble, Runs: []digest.RunRecord{run(nil, "sent")},
			Data: &digest.DataState{AsOf: monday, Newest: pipeline.Some(monday), Rows: map[string]int64{"deals": 50, "reps": 9}, Before: map[string]int64{"deals": 100, "reps": 10}}},
			"Weekly digests: 1 sent, rows are missing", "Rows are missing"},
		{"back, and nothing was due any more", digest.Operations{Cause: digest.MadeLate}, "Drumbeat reads the pipeline again", ""},
		{"nothing ran", digest.Operations{Since: monday.AddDate(0, 0, -7)}, "No digest was due", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Recipient, c.in.At, c.in.Schedule = digest.Recipient{Kind: digest.Admin, Address: "ops@example.com"}, monday.Add(time.Hour), "ops"
			d := admin(t, c.in)
			if d.Subject != c.want {
				t.Errorf("subject %q, want %q", d.Subject, c.want)
			}
			if n := len([]rune(d.Subject)); n >= 60 {
				t.Errorf("the subject has %d characters", n)
			}
			if got := titles(d); got != c.todo {
				t.Errorf("to do %q, want %q", got, c.todo)
			}
			if n := len([]rune(d.Preheader)); n < 40 || n > 120 {
				t.Errorf("the preheader has %d characters: %q", n, d.Preheader)
			}
			if d.Empty != (c.name == "nothing ran") {
				t.Errorf("empty: %v", d.Empty)
			}
		})
	}
}

func TestAnAdminIsToldWhomToMend(t *testing.T) {
	d := admin(t, digesttest.Operations())
	var all []string
	for _, task := range d.Admin.Todo {
		for _, w := range task.Who {
			all = append(all, w.Whose()+": "+w.Words)
		}
		if task.Do == "" {
			t.Errorf("%q says not what to do", task.Title)
		}
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{"Bo Lindqvist, bo.lindqvist@example.com: 550 5.1.1 no such user", "r05, r05@example.com: digest of r05: template", "Ida Krog: no address"} {
		if !strings.Contains(got, want) {
			t.Errorf("nobody says %q:\n%s", want, got)
		}
	}
	if got := strings.Join(d.Admin.Skipped, "|"); got != "2\u00a0× away|1\u00a0× nothing to say" {
		t.Errorf("left out: %q", got)
	}
	if got := d.Admin.Runs[0]; got.Name != "weekly-own" || got.When != "2\u00a0hours late, due 9\u00a0November, 07:00 CET" || !got.Alarm || got.Open != "3\u00a0failed, 1\u00a0unknown" {
		t.Errorf("the newest run: %+v", got)
	}
}

func TestManyFailuresAreCountedNotListed(t *testing.T) {
	in := digesttest.Operations()
	for i := range 300 {
		in.Runs[0].Mails = append(in.Runs[0].Mails, digest.MailRecord{RepID: fmt.Sprintf("x%d", i), State: "failed", Made: true, Reason: strings.Repeat("550 no ", 100)})
	}
	for i := range 50 {
		r := in.Runs[0]
		r.Schedule, r.Mails = fmt.Sprintf("schedule %d", i), nil
		in.Runs = append(in.Runs, r)
	}
	d := admin(t, in)
	for _, task := range d.Admin.Todo {
		if len(task.Who) > 6 {
			t.Errorf("%s names %d", task.Title, len(task.Who))
		}
	}
	if len(d.Admin.Runs) > 20 {
		t.Errorf("%d runs in the table", len(d.Admin.Runs))
	}
}

func TestAnAdminsDigestIsRefusedWithoutItsKindOrInstant(t *testing.T) {
	for name, change := range map[string]func(*digest.Operations){
		"a manager":  func(in *digest.Operations) { in.Recipient.Kind = digest.Manager },
		"no instant": func(in *digest.Operations) { in.At = time.Time{} },
	} {
		in := digesttest.Operations()
		change(&in)
		if _, err := digest.BuildAdmin(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
