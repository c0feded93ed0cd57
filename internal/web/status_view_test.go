package web

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

// rowsOf gives the words of a table's rows, by the first cell.
func rowsOf(page, section string) map[string]string {
	_, part, _ := strings.Cut(page, `<h2 id="`+section+`">`)
	part, _, _ = strings.Cut(part, "</section>")
	out := map[string]string{}
	for _, row := range regexp.MustCompile(`(?s)<tr role="row"><th role="rowheader".*?</tr>`).FindAllString(part, -1) {
		words := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(row, " ")), " ")
		name, rest, _ := strings.Cut(words, " ")
		if _, there := out[name]; !there {
			out[name] = rest
		}
	}
	return out
}

func TestNextRunsStandOnTheClockOfTheirSchedule(t *testing.T) {
	w := newWard(t)
	w.schedule("abroad", "rep", false)
	w.Schedules[3].Zone = time.FixedZone("EST", -5*3600)
	w.schedule("own-hour", "rep", true)
	w.schedule("soon", "rep", false)
	w.Schedules[5].Next = func(after time.Time) time.Time { return onCall.Add(150 * time.Minute) }
	w.schedule("tomorrow", "rep", false)
	w.Schedules[6].Next = func(after time.Time) time.Time { return onCall.Add(20 * time.Hour) }
	w.schedule("next-year", "rep", false)
	w.Schedules[7].Next = func(after time.Time) time.Time { return time.Date(2027, 1, 4, 7, 0, 0, 0, berlin) }
	w.schedule("over", "rep", false)
	w.Schedules[8].Next = func(after time.Time) time.Time { return time.Time{} }
	rows := rowsOf(w.see(), "next")
	for name, want := range map[string]string{
		"weekly-own": "rep Mon 7 Dec, 07:00 CET in 7 days 41",
		"abroad":     "rep Mon 7 Dec, 01:00 EST in 7 days –",
		"own-hour":   "rep Mon 7 Dec, 07:00 by each reader’s own clock in 7 days –",
		"soon":       "rep Mon 30 Nov, 12:01 CET today, in 2 hours –",
		"tomorrow":   "rep Tue 1 Dec, 05:31 CET tomorrow –",
		"next-year":  "rep Mon 4 Jan 2027, 07:00 CET in 35 days –",
		"over":       "rep – never –",
	} {
		if rows[name] != want {
			t.Errorf("%s: %q, want %q", name, rows[name], want)
		}
	}
	page := w.see()
	if strings.Index(page, ">soon<") > strings.Index(page, ">weekly-own<") || strings.Index(page, ">over<") < strings.Index(page, ">next-year<") {
		t.Error("the soonest does not come first, or what never comes not last")
	}
}

func TestTheClockOfTheLedgerSaysWhatIsDue(t *testing.T) {
	w := newWard(t)
	w.said.Progress["weekly-own"] = ledger.Progress{LastDue: monday.AddDate(0, 0, -7)}
	w.at = monday.Add(-time.Minute)
	w.Status.Now = func() time.Time { return monday.Add(time.Hour) } // ours is an hour ahead
	if page := w.see(); strings.Contains(page, "overdue") {
		t.Errorf("it is overdue only by a clock that is wrong:\n%s", page)
	}
}

func TestLastRunsSayWhatBecameOfThem(t *testing.T) {
	w := newWard(t)
	w.said.Runs = nil
	w.Schedules[1].OwnHour = true
	late := w.ran("weekly-own", 0, map[ledger.State]int{ledger.Sent: 1400, ledger.Failed: 2, ledger.Unknown: 1, ledger.Skipped: 3}, map[string]int{"opted out": 1, "away": 2})
	late.StartedAt, late.FinishedAt = monday.Add(2*time.Hour), monday.Add(2*time.Hour+500*time.Millisecond)
	hand := w.ran("weekly-own", 1, map[ledger.State]int{ledger.Sent: 2}, nil)
	hand.Tick = time.Time{}
	going := w.ran("weekly-own", 2, map[ledger.State]int{ledger.Pending: 5, ledger.Sending: 1}, nil)
	going.FinishedAt = time.Time{}
	w.ran("weekly-own", 3, map[ledger.State]int{}, nil).LeftOut = "not made: too late"
	w.ran("weekly-team", 0, map[ledger.State]int{ledger.Sent: 2}, nil).Period = "own"
	rows := rowsOf(w.see(), "last")
	for period, want := range map[string]string{
		"2026-11-30": "Mon 30 Nov, 07:00 CET , 2 hours late 1,400 sent, 2 failed , 1 unknown , 3 left out (away 2, opted out 1) under a second",
		"2026-11-23": "Mon 23 Nov, 07:00 CET , by hand 2 sent 12 seconds",
		"2026-11-16": "Mon 16 Nov, 07:00 CET , on time 5 waiting, 1 on the line not over yet",
		"2026-11-09": "Mon 9 Nov, 07:00 CET , left out too late –",
		"own":        "Mon 30 Nov, 07:00 CET , at each one’s own hour 2 sent 12 seconds",
	} {
		if rows[period] != want {
			t.Errorf("%s: %q, want %q", period, rows[period], want)
		}
	}
}

// Of thirty schedules those are open that have bad news.
func TestManySchedulesAreClosedButForBadNews(t *testing.T) {
	w := newWard(t)
	w.many()
	page := w.see()
	if n := strings.Count(page, "<details open"); n != 1 {
		t.Errorf("%d are open", n)
	}
	_, open, _ := strings.Cut(page, "<details open")
	if open, _, _ = strings.Cut(open, "</summary>"); !strings.Contains(open, "region-03") || !strings.Contains(open, "13 failed") {
		t.Errorf("open is %s", open)
	}
	wants(t, page, "Active people of 30 schedules have no address", "and 22 more")
}

func TestWordsOfNumbersAndTimes(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "under a second", time.Second: "1 second", 119 * time.Second: "119 seconds", 2 * time.Minute: "2 minutes",
		119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours", 47 * time.Hour: "47 hours", 48 * time.Hour: "2 days"} {
		if got := stretch(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	if got := counted(map[string]int{"a": 1, "b": 2, "c": 1, "d": 1, "e": 1, "f": 1, "": 1, "z": 5}); got != "z 5, b 2, no reason 1, a 1, c 1, d 1, others 2" {
		t.Errorf("reasons: %s", got)
	}
	if got := listed([]string{"a", "b", "c", "d"}); got != "a, b and 2 more" {
		t.Errorf("names: %s", got)
	}
}
