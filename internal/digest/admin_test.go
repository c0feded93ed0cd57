package digest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/words"
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

// voice says our own phrases to the readers of a locale.
func voice(t *testing.T, locale string) *words.Voice {
	t.Helper()
	book, err := words.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return book.For(locale)
}

// everything is what an admin's digest says, with plain spaces.
func everything(d *digest.Digest) string {
	return strings.ReplaceAll(fmt.Sprintf("%s|%s|%s|%s|%+v|%+v", d.Subject, d.Preheader, d.Range, d.News, d.About, *d.Admin), "\u00a0", " ")
}

func TestAnAmericanAdminReadsTheMonthFirstAndTwelveHours(t *testing.T) {
	in := digesttest.AdminStories()["admin-lost"]
	in.Voice = voice(t, "en-US")
	in.Data.Newest = pipeline.Some(in.Data.Newest.V.AddDate(-1, 0, 0))
	d := admin(t, in)
	got := everything(d)
	for _, want := range []string{"|November 9, 11:00 AM CET|", "up to November 8", "late, due November 9, 7:00 AM CET", "weekly-team, November 16, 6:30 AM CET.",
		"The data stop on October 17, 2025", "The newest entry is of October 17, 2025, 12:00 AM CEST."} {
		if !strings.Contains(got, want) {
			t.Errorf("nobody says %q:\n%s", want, got)
		}
	}
	if european := regexp.MustCompile(`\d (October|November)|\d CES?T`).FindAllString(got, -1); european != nil {
		t.Errorf("dates or hours of another country: %q", european)
	}
}

func TestAnAdminsNumbersAreWrittenAsTheReaderDoes(t *testing.T) {
	in := digesttest.Operations()
	for range 1500 {
		in.Runs[1].Mails = append(in.Runs[1].Mails, digest.MailRecord{State: "unknown", Made: true}, digest.MailRecord{State: "skipped", Reason: "away"})
	}
	in.Voice = voice(t, "de-DE")
	got := everything(admin(t, in))
	for _, want := range []string{"1.501 perhaps sent", "1.501 may or may not have arrived, 1.503 were left out", "weekly-own: 1.501 digests may", "and 1.495 more",
		"3 failed, 1.501 unknown", "1.502 × away", "21.400, 57.033 the run before", "Now:4.210 Before:4.188"} {
		if !strings.Contains(got, want) {
			t.Errorf("nobody says %q:\n%s", want, got)
		}
	}
}

// What is not sent stands in one phrase: each way to leave some of it out keeps its commas.
func TestWhatWasNotSentIsListed(t *testing.T) {
	for states, want := range map[string]string{"sent": "none", "skipped": "none", "failed": "1 failed", "unknown": "1 unknown", "pending": "1 waiting",
		"failed unknown": "1 failed, 1 unknown", "failed sending": "1 failed, 1 waiting", "unknown pending": "1 unknown, 1 waiting",
		"pending unknown failed sending": "1 failed, 1 unknown, 2 waiting"} {
		in := digesttest.Operations()
		in.Runs = in.Runs[:1]
		in.Runs[0].Mails = nil
		for _, s := range strings.Fields(states) {
			in.Runs[0].Mails = append(in.Runs[0].Mails, digest.MailRecord{State: s, Made: true})
		}
		if got := strings.ReplaceAll(admin(t, in).Admin.Runs[0].Open, "\u00a0", " "); got != want {
			t.Errorf("%s: %q, want %q", states, got, want)
		}
	}
}

func TestWhenARunRan(t *testing.T) {
	tick := digesttest.Operations().Runs[1].Tick
	for want, r := range map[string]digest.RunRecord{
		"on time, 9 November, 07:00 CET":                                            {Tick: tick, Began: tick, Ended: tick.Add(time.Hour)},
		"on time, 9 November, 07:00 CET; its last mail dealt with 90 minutes later": {Tick: tick, Began: tick, Ended: tick.Add(90 * time.Minute)},
		"3 days late, due 9 November, 07:00 CET":                                    {Tick: tick, Began: tick.Add(80 * time.Hour)},
		"at each one's own hour":                                                    {Tick: tick, Began: tick, Ended: tick.Add(30 * time.Hour), OwnHour: true},
		"2 minutes late, due 9 November, 07:00 CET":                                 {Tick: tick, Began: tick.Add(2 * time.Minute), OwnHour: true},
		"called by hand, 9 November, 07:00 CET":                                     {Began: tick, Ended: tick.Add(30 * time.Hour)},
	} {
		in := digesttest.Operations()
		in.Runs = []digest.RunRecord{r}
		if got := strings.ReplaceAll(admin(t, in).Admin.Runs[0].When, "\u00a0", " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestEveryKindOfRowsHasAName(t *testing.T) {
	in := digesttest.Operations()
	for _, kind := range pipeline.AllRows {
		in.Data.Rows[string(kind)] = 1
	}
	for i, row := range admin(t, in).Admin.Rows {
		if key := string(pipeline.AllRows[i]); row.Kind == key || row.Kind == "" {
			t.Errorf("the phrase of %s says %q", key, row.Kind)
		}
	}
}

// A sentence that is not there is worse than a mail that is not: the digest fails, and its error names the phrase.
func TestAPhraseThatCannotBeSaidFailsTheAdminsDigest(t *testing.T) {
	for phrase, story := range map[string]string{"admin title ran": "admin", "admin preheader": "admin-quiet", "admin unread do": "admin-source-down",
		"admin about": "admin-lost", "admin missed": "admin-missed", "date": "admin", "stretch": "admin"} {
		book, err := words.Load(fstest.MapFS{"words.txt": {Data: []byte(`{{define "` + phrase + `"}}Word {{whole "x"}}{{end}}`)}})
		if err != nil {
			t.Fatal(err)
		}
		in := digesttest.AdminStories()[story]
		in.Voice = book.For("")
		if _, err := digest.BuildAdmin(in); err == nil || !strings.Contains(err.Error(), `phrase "`+phrase+`"`) {
			t.Errorf("%s: %v", phrase, err)
		}
	}
}
