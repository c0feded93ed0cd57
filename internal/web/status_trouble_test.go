package web

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

// Each thing that may be wrong: what the page says of it, and whether somebody is needed.
func TestThePageSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	const config = " --config /etc/drumbeat/drumbeat.yaml"
	lastWeek := ledger.Progress{LastDue: monday.AddDate(0, 0, -7)}
	for name, c := range map[string]struct {
		prepare func(w *ward)
		head    string
		want    []string
		not     string
	}{
		"all is well": {func(*ward) {}, "All is well", []string{"no failure since the last mail", "none since the start", "3f9a1c", "newest row 6 hours old"}, "What needs you"},
		"a tick that is being made": {func(w *ward) {
			w.at, w.said.Progress["weekly-own"] = monday.Add(9*time.Minute), lastWeek
		}, "All is well", []string{">now<"}, "overdue"},
		"overdue, nobody knows why": {func(w *ward) {
			w.at, w.said.Progress["weekly-own"] = monday.Add(11*time.Minute), lastWeek
		}, "1 thing needs you", []string{"weekly-own: overdue<", "Since Mon 30 Nov, 07:00 CET, 11 minutes ago", "None is lost", "drumbeat check --connect" + config, "overdue for 11 minutes"}, ""},
		"an admins' digest waits for the others": {func(w *ward) {
			w.at, w.said.Progress["operations"] = monday.Add(44*time.Minute), lastWeek
		}, "All is well", nil, "What needs you"},
		"an admins' digest is overdue": {func(w *ward) {
			w.at, w.said.Progress["operations"] = monday.Add(46*time.Minute), lastWeek
		}, "1 thing needs you", []string{"operations: overdue"}, ""},
		"the pipeline cannot be read since a minute": {func(w *ward) {
			w.at, w.said.Progress["weekly-own"] = monday.Add(time.Minute), lastWeek
			w.pulse.Hindered = map[string]Hindrance{"weekly-own": {Words: "reps: connection refused"}}
		}, "Nothing needs you yet", []string{"What may mend itself", "weekly-own: overdue, and could not be made", "reps: connection refused"}, "What needs you"},
		"what kept a schedule that another worker has made": {func(w *ward) {
			w.pulse.Hindered = map[string]Hindrance{"weekly-own": {Words: "reps: connection refused"}}
		}, "All is well", nil, "refused"},
		"the data are not to be trusted": {func(w *ward) {
			w.Running.Alone = true
			w.said.Progress["weekly-own"], w.said.Progress["weekly-team"] = lastWeek, ledger.Progress{LastDue: monday.AddDate(0, 0, -14)}
			held := Hindrance{Words: "the pipeline database holds far fewer rows", Held: true}
			w.pulse.Hindered = map[string]Hindrance{"weekly-own": held, "weekly-team": held}
			w.pulse.SourceAge = map[string]time.Duration{"weekly-own": 100 * time.Hour}
		}, "1 thing needs you", []string{"weekly-own and weekly-team: held back", "far fewer rows", "stop the worker first", "drumbeat run weekly-own --as-of 2026-11-30 --accept-data" + config,
			"drumbeat run weekly-team --as-of 2026-11-30 --accept-data" + config, "weekly-team: due Mon 23 Nov, 07:00 CET"}, "The data are old"},
		"the config does not fit": {func(w *ward) {
			w.said.Progress["weekly-own"] = lastWeek
			w.pulse.Hindered = map[string]Hindrance{"weekly-own": {Words: "people: no rep 17", Setup: true}}
		}, "1 thing needs you", []string{"the config does not fit the pipeline", "people: no rep 17"}, ""},
		"the relay fails since a moment": {func(w *ward) {
			w.pulse.RelayFailures, w.pulse.RelayWords, w.pulse.RelaySince = 1, "421 too busy", w.at.Add(-14*time.Minute)
		}, "Nothing needs you yet", []string{"1 failure", "421 too busy"}, "What needs you"},
		"the relay fails, and mails wait": {func(w *ward) {
			w.pulse.RelayFailures, w.pulse.RelayWords, w.pulse.RelaySince = 7, "535 no", w.at.Add(-2*time.Hour)
			w.said.Standings[ledger.Pending] = ledger.Standing{N: 12, Oldest: 2 * time.Hour}
		}, "1 thing needs you", []string{"The mail relay does not work: 7 failures in a row", "535 no", "12 digests wait, and none is lost", "Since Mon 30 Nov, 07:31 CET, 2 hours ago"}, "has been waiting"},
		"mails wait for longer than an hour": {func(w *ward) {
			w.lot("weekly-own", ledger.Pending, true, 3)
			w.said.Standings[ledger.Pending] = ledger.Standing{N: 3, Oldest: 61 * time.Minute}
		}, "1 thing needs you", []string{"A digest has been waiting to be sent for 61 minutes", "weekly-own 2026-11-30: 3", "drumbeat ledger list --state pending" + config}, ""},
		"mails wait for less": {func(w *ward) {
			w.said.Standings[ledger.Pending] = ledger.Standing{N: 3, Oldest: time.Hour}
		}, "All is well", nil, "has been waiting"},
		"a mail is on the line for hours": {func(w *ward) {
			w.said.Standings[ledger.Sending] = ledger.Standing{N: 1, Oldest: 3 * time.Hour}
		}, "1 thing needs you", []string{"A digest has been on the line for 3 hours", "drumbeat ledger list --state sending" + config}, ""},
		"one is unknown": {func(w *ward) { w.lot("weekly-own", ledger.Unknown, true, 1) }, "1 thing needs you",
			[]string{"1 digest may or may not have arrived", "drumbeat ledger show 4711" + config, "drumbeat ledger settle 4711 --as sent" + config, "drumbeat ledger resend 4711" + config}, ""},
		"several are unknown": {func(w *ward) { w.lot("weekly-own", ledger.Unknown, true, 2) }, "1 thing needs you",
			[]string{"2 digests may or may not have arrived", "weekly-own 2026-11-30: 2", "drumbeat ledger list --state unknown" + config}, "ledger show"},
		"some were refused, some not made": {func(w *ward) {
			w.lot("weekly-own", ledger.Failed, true, 2)
			w.lot("weekly-team", ledger.Failed, false, 1)
		}, "2 things need you", []string{"1 digest could not be made in the last week", "weekly-team 2026-11-30: 1", "drumbeat run weekly-team --as-of 2026-11-30" + config,
			"2 digests were refused for good", "weekly-own 2026-11-30: 2", "drumbeat ledger list --state failed --schedule weekly-own --period 2026-11-30" + config}, "stop the worker"},
		"a run was left out": {func(w *ward) {
			w.said.Runs[0].LeftOut, w.said.Runs[0].By = "not made: catch_up: none makes up for nothing", map[ledger.State]int{}
			w.said.Runs[6].LeftOut, w.said.Runs[6].By = "not made: long ago", map[ledger.State]int{}
		}, "1 thing needs you", []string{"weekly-own: left out", "weekly-own 2026-11-30: catch_up: none makes up for nothing", "drumbeat run weekly-own --as-of 2026-11-30" + config}, "weekly-own 2026-11-09: long ago"},
		"a config was refused": {func(w *ward) {
			w.faults, w.reload = []string{"drumbeat.yaml:3:1: nonsense: unknown key"}, w.at.Add(-time.Minute)
		}, "1 thing needs you", []string{"A changed config could not be taken", "drumbeat.yaml:3:1: nonsense: unknown key", "drumbeat check" + config, "the config before is in force"}, ""},
		"a config was taken": {func(w *ward) { w.reload = w.at.Add(-time.Minute) }, "All is well", []string{"60 seconds ago: taken"}, ""},
		"the data are old":   {func(w *ward) { w.pulse.SourceAge["weekly-own"] = 73 * time.Hour }, "1 thing needs you", []string{"The data are old: when they were last read, the newest row was 3 days old", "weekly-own: 3 days<"}, "weekly-team: 6"},
		"the data are fresh": {func(w *ward) { w.pulse.SourceAge["weekly-own"] = 72 * time.Hour }, "All is well", []string{"newest row 3 days old"}, ""},
		"a schedule means nobody": {func(w *ward) {
			w.said.Runs[1].By, w.said.Runs[1].Why = map[ledger.State]int{}, nil
		}, "1 thing needs you", []string{"weekly-team: nobody gets it", "weekly-team: the schedule means nobody", "nobody was meant", "drumbeat plan" + config}, ""},
		"everybody of a schedule is left out": {func(w *ward) {
			w.said.Runs[1].By, w.said.Runs[1].Why = map[ledger.State]int{ledger.Skipped: 4}, map[string]int{"no address": 3, "opted out": 1}
		}, "1 thing needs you", []string{"everybody is left out: no address 3, opted out 1"}, "has no address"},
		"nobody had anything to be told": {func(w *ward) {
			w.said.Runs[1].By, w.said.Runs[1].Why = map[ledger.State]int{ledger.Skipped: 4}, map[string]int{"nothing to say": 4}
		}, "All is well", []string{"4 left out (nothing to say 4)"}, ""},
		"people have no address": {func(w *ward) {
			w.said.Runs[0].Why = map[string]int{"no address": 2, "the address cannot be used": 1}
		}, "1 thing needs you", []string{"3 active people have no address that works", "drumbeat ledger list --state skipped --schedule weekly-own --period 2026-11-30" + config}, ""},
		"a ledger that never answered": {func(w *ward) { w.silent = errors.New("refused") }, "1 thing needs you",
			[]string{"It has not answered this page since the worker started", "nothing is known of what ran", "in 7 days"}, "Nothing has run yet"},
		"what ran has another name since": {func(w *ward) {
			for i := range w.said.Runs {
				w.said.Runs[i].Schedule += "-before"
			}
		}, "All is well", []string{"No schedule of this config has run yet"}, "Nothing has run yet"},
		"nothing ever ran": {(*ward).fresh, "All is well", []string{"Nothing has run yet", "in 7 days", "not read yet with this config"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t)
			c.prepare(w)
			page := w.see()
			if got := regexp.MustCompile(`<h1[^>]*>([^<]*)`).FindStringSubmatch(page); got[1] != c.head {
				t.Errorf("it says %q, want %q", got[1], c.head)
			}
			wants(t, page, c.want...)
			if c.not != "" && strings.Contains(page, c.not) {
				t.Errorf("%q stands in\n%s", c.not, page)
			}
		})
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	w := newWard(t)
	w.threeWrong()
	w.said.Runs[0].Why = map[string]int{"no address": 2}
	w.pulse.RelayFailures, w.pulse.RelaySince = 3, w.at.Add(-time.Hour)
	page, at := w.see(), 0
	for _, want := range []string{"5 things need you", "weekly-own and weekly-team: overdue", "The mail relay does not work", "may or may not have arrived", "A changed config", "no address that works"} {
		i := strings.Index(page, want)
		if i < at {
			t.Errorf("%q at %d, after %d", want, i, at)
		}
		at = i
	}
	// While the ledger is away it is what everything waits for.
	w.see()
	w.silent, w.at = errors.New("refused"), w.at.Add(time.Minute)
	page = w.see()
	wants(t, page, "The state database does not answer", "weekly-own: due Mon 30 Nov, 07:00 CET")
	if strings.Contains(page, "could not be made") {
		t.Error("the same is told twice")
	}
}

// Names of schedules and files may hold what a shell reads.
func TestCommandsCanBeTypedAsTheyStand(t *testing.T) {
	w := newWard(t)
	w.Running.Config = "/srv/Mike's files/drumbeat.yaml"
	w.lot("a b;c", ledger.Failed, false, 1)
	wants(t, w.see(), `drumbeat run &#39;a b;c&#39; --as-of 2026-11-30 --config &#39;/srv/Mike&#39;\&#39;&#39;s files/drumbeat.yaml&#39;`)
}

// Where somebody else's words are shown, they are shown as others may read them.
func TestForeignWordsAreMadePlain(t *testing.T) {
	w := newWard(t)
	w.Plain = func(s string) string { return strings.ReplaceAll(s, "ada@example.com", "[address]") }
	const theirs = "no ada@example.com <script>"
	w.faults, w.reload = []string{"no [address] <script>"}, w.at // whoever reads the config makes them plain
	w.said.Runs[0].LeftOut = theirs
	w.said.Runs[1].Why = map[string]int{theirs: 3}
	w.said.Runs[1].By = map[ledger.State]int{ledger.Skipped: 3}
	page := w.see()
	w.silent, w.at = errors.New(theirs), w.at.Add(time.Minute)
	page += w.see()
	if n := strings.Count(page, "no [address] &lt;script&gt;"); n < 6 || strings.Contains(page, "ada@") || strings.Contains(page, "<script") {
		t.Errorf("%d times plain in\n%s", n, page)
	}
}
