package worker

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/pipeline"
)

// trials are changes of every kind at any moment, foretold when they are made or some time before.
var trials = rapid.Custom(func(t *rapid.T) trial {
	c := trial{old: drafts.Draw(t, "old")}
	c.new = c.old
	switch rapid.IntRange(0, 4).Draw(t, "change") {
	case 0:
		c.new = drafts.Draw(t, "new")
	case 1:
		c.new.zone = rapid.SampledFrom(zones).Draw(t, "new zone")
	case 2:
		c.new.schedules = slices.Clone(c.old.schedules)
		c.new.schedules[0] = c.old.schedules[0][:1] + someSchedule.Draw(t, "new schedule")[1:]
	case 3:
		c.new.people = drafts.Draw(t, "new people").people
	}
	quarters := rapid.IntRange(0, 7*24*4-1).Draw(t, "quarters of an hour after Monday's first")
	c.at = monday.Add(-7*time.Hour + time.Duration(quarters)*15*time.Minute)
	if rapid.Bool().Draw(t, "asked before") {
		c.asked = c.at.Add(-time.Duration(rapid.IntRange(1, 60).Draw(t, "hours before")) * time.Hour)
	}
	c.restart = rapid.Bool().Draw(t, "restart")
	return c
})

var someSchedule = rapid.Custom(func(t *rapid.T) string {
	one := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(t, what) }
	return strings.Join([]string{one("name", "a", "b", "c"), one("digest", "rep", "manager"),
		fmt.Sprintf("0_%d_*_*_%s", rapid.IntRange(0, 23).Draw(t, "hour"), one("day", "1", "1", "2", "3", "5", "0", "1,3", "*")),
		one("zone", append([]string{"-", "recipient", "recipient"}, zones...)...), one("catch up", "last", "last", "all", "none"),
		one("age", "72h", "72h", "6h", "240h"), one("teams", "", "", "Europe", "Americas", "Europe,Americas")}, " ")
})

var drafts = rapid.Custom(func(t *rapid.T) draft {
	d := draft{zone: rapid.SampledFrom(zones).Draw(t, "config's zone")}
	d.schedules = rapid.SliceOfNDistinct(someSchedule, 1, 3, func(s string) string { return s[:1] }).Draw(t, "schedules")
	switch rapid.IntRange(0, 3).Draw(t, "people") {
	case 0:
		d.people = []pipeline.Person{{Rep: "R005", Email: "moved@example.com"}, {Rep: "R006", Team: "Europe"}}
	case 1:
		d.people = []pipeline.Person{{Rep: "R008", Active: pipeline.Some(false)}, {Rep: "R011", TimeZone: "Asia/Tokyo"}}
	}
	return d
})

// Whatever is changed, whenever: what is foretold of a week is what the worker then does. DRUMBEAT_CASES says how many
// changes are tried.
func TestWhatIsForetoldIsWhatTheWorkerDoes(t *testing.T) {
	n := 16
	if cases, err := strconv.Atoi(os.Getenv("DRUMBEAT_CASES")); err == nil {
		n = cases
	}
	for seed := range n {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			c := trials.Example(seed)
			o := c.play(t)
			if diff := differences(o.after, o.came); diff != "" {
				t.Errorf("%+v\n%s", c, diff)
			}
			if diff := differences(o.before, o.after); diff != "" && fmt.Sprint(c.old) == fmt.Sprint(c.new) && !c.restart {
				t.Errorf("%+v: nothing changes, and yet\n%s", c, diff)
			}
		})
	}
}

// The changes that people make, by the book: what the week would have been, and what it becomes, for one seller (Jonas,
// of Europe) in periods; `!` marks a digest of another schedule than own.
func TestWhatAChangeDoesToAWeek(t *testing.T) {
	at := func(day, hour, minute int) time.Time { // 1 is the first Monday
		return monday.AddDate(0, 0, day-1).Add(time.Duration(hour-7)*time.Hour + time.Duration(minute)*time.Minute)
	}
	own := func(cron string, rest ...string) draft { return draft{schedules: []string{ownLine(cron, rest...)}} }
	mondays := own("0_7_*_*_1")
	for _, c := range []struct {
		name          string
		old, new      draft
		at            time.Time
		restart       bool
		before, after string
	}{
		{name: "an hour later, before the run", old: mondays, new: own("0_8_*_*_1"), at: at(1, 6, 30), before: "01", after: "01"},
		{name: "an hour later, after the run", old: mondays, new: own("0_8_*_*_1"), at: at(1, 7, 30), before: "01", after: "01"},
		{name: "an hour earlier, before the run", old: mondays, new: own("0_6_*_*_1"), at: at(1, 6, 30), before: "01", after: "01"},
		{name: "an hour earlier, after the run", old: mondays, new: own("0_6_*_*_1"), at: at(1, 7, 30), before: "01", after: "01"},
		{name: "Monday to Wednesday, before the run", old: mondays, new: own("0_7_*_*_3"), at: at(1, 6, 0), before: "01", after: "03"},
		{name: "Monday to Wednesday, on Tuesday", old: mondays, new: own("0_7_*_*_3"), at: at(2, 6, 0), before: "01", after: "01 03"},
		{name: "Monday to Wednesday, on Thursday: it has just come due", old: mondays, new: own("0_7_*_*_3"), at: at(4, 6, 0), before: "01", after: "01 03"},
		{name: "Monday to Wednesday, on Sunday: it is too old", old: mondays, new: own("0_7_*_*_3"), at: at(7, 6, 0), before: "01", after: "01"},
		{name: "Wednesday to Monday, on Tuesday: at once", old: own("0_7_*_*_3"), new: mondays, at: at(2, 6, 0), before: "03", after: "01"},
		{name: "Wednesday to Monday, on Tuesday, nothing is made up for", old: own("0_7_*_*_3"), new: own("0_7_*_*_1", "-", "none"), at: at(2, 6, 0), before: "03", after: "01"},
		{name: "the same, and it begins again", old: own("0_7_*_*_3"), new: own("0_7_*_*_1", "-", "none"), at: at(2, 6, 0), restart: true, before: "03", after: ""},
		{name: "Wednesday to Monday, on Tuesday, too old", old: own("0_7_*_*_3"), new: own("0_7_*_*_1", "-", "last", "6h"), at: at(2, 16, 0), before: "03", after: ""},
		{name: "to the west, before the run", old: mondays, new: own("0_7_*_*_1", "America/New_York"), at: at(1, 6, 0), before: "01", after: "01"},
		{name: "to the east, after the run: next Monday comes in this week", old: mondays, new: own("0_7_*_*_1", "Asia/Tokyo"), at: at(2, 6, 0), before: "01", after: "01 07"},
		{name: "the config's zone", old: mondays, new: draft{zone: "Asia/Tokyo", schedules: mondays.schedules}, at: at(2, 6, 0), before: "01", after: "01"},
		{name: "another name, before the run at its hour", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_7_*_*_1")[3:]}}, at: at(1, 6, 0), before: "01", after: "01!"},
		{name: "another name and an earlier hour, between them", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_6_*_*_1")[3:]}}, at: at(1, 6, 30), before: "01", after: ""},
		{name: "another name, after the run", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_7_*_*_1")[3:]}}, at: at(1, 8, 0), before: "01", after: "01"},
		{name: "another name and a later day, after the run", old: mondays, new: draft{schedules: []string{"mine" + ownLine("0_7_*_*_5")[3:]}}, at: at(1, 8, 0), before: "01", after: "01 05!"},
		{name: "each recipient's own hour, from before it", old: mondays, new: own("0_7_*_*_1", "recipient"), at: at(1, 4, 0), before: "01", after: "01"},
		{name: "no more each recipient's own hour, while it is waited for", old: own("0_7_*_*_1", "recipient"), new: mondays, at: at(1, 3, 0), before: "01", after: "01"},
		{name: "a schedule more", old: mondays, new: draft{schedules: []string{ownLine("0_7_*_*_1"), "more" + ownLine("0_7_*_*_5")[3:]}}, at: at(2, 6, 0), before: "01", after: "01 05!"},
		{name: "a schedule less", old: draft{schedules: []string{ownLine("0_7_*_*_1"), "more" + ownLine("0_7_*_*_5")[3:]}}, new: mondays, at: at(2, 6, 0), before: "01 05!", after: "01"},
		{name: "two that become one", old: draft{schedules: []string{ownLine("0_7_*_*_1"), "more" + ownLine("0_7_*_*_5")[3:]}}, new: own("0_7_*_*_1,5"), at: at(2, 6, 0), before: "01 05!", after: "01 05"},
		{name: "a team less, before the run", old: mondays, new: own("0_7_*_*_1", "-", "last", "72h", "Americas"), at: at(1, 6, 0), before: "01", after: ""},
		{name: "a team less, while its mails wait", old: own("0_7_*_*_1", "recipient"), new: own("0_7_*_*_1", "recipient", "last", "72h", "Americas"), at: at(1, 3, 0), before: "01", after: ""},
		{name: "inactive, while the mail waits for its hour", old: own("0_7_*_*_1", "recipient"), new: draft{schedules: []string{ownLine("0_7_*_*_1", "recipient")}, people: []pipeline.Person{{Rep: "R005", Active: pipeline.Some(false)}}}, at: at(1, 3, 0), before: "01", after: ""},
		{name: "inactive, right after its mail was made", old: own("0_7_*_*_1", "recipient"), new: draft{schedules: []string{ownLine("0_7_*_*_1", "recipient")}, people: []pipeline.Person{{Rep: "R005", Active: pipeline.Some(false)}}}, at: at(1, 0, 2), before: "01", after: ""},
		{name: "another address, before the run", old: mondays, new: draft{schedules: mondays.schedules, people: []pipeline.Person{{Rep: "R005", Email: "new@example.com"}}}, at: at(1, 6, 0), before: "01", after: "01"},
		{name: "another address, after the run", old: mondays, new: draft{schedules: mondays.schedules, people: []pipeline.Person{{Rep: "R005", Email: "new@example.com"}}}, at: at(1, 8, 0), before: "01", after: "01"},
		{name: "another address, while the mail waits for its hour", old: own("0_7_*_*_1", "recipient"), new: draft{schedules: []string{ownLine("0_7_*_*_1", "recipient")}, people: []pipeline.Person{{Rep: "R005", Email: "new@example.com"}}}, at: at(1, 3, 0), before: "01", after: "01"},
		{name: "daily, all that is not too old at once", old: mondays, new: own("0_7_*_*_*", "-", "all"), at: at(4, 8, 0), before: "01", after: "01 02 03 04 05 06 07"},
		{name: "hourly before, and the hour of the new one is dealt with", old: own("0_*_*_*_1", "-", "last", "72h", "Americas"), new: own("0_9_*_*_1"), at: at(1, 10, 30), before: "", after: ""},
		{name: "hourly, and somebody more from its next hour on", old: own("0_*_*_*_1", "-", "last", "72h", "Americas"), new: own("0_*_*_*_1"), at: at(1, 10, 30), before: "", after: "01"},
		{name: "daily, the last one at once", old: mondays, new: own("0_7_*_*_*"), at: at(4, 8, 0), before: "01", after: "01 04 05 06 07"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := trial{old: c.old, new: c.new, at: c.at, restart: c.restart}.play(t)
			if diff := differences(o.after, o.came); diff != "" {
				t.Error(diff)
			}
			if b, a := jonas(o.before), jonas(o.after); b != c.before || a != c.after {
				t.Errorf("without the change %q, with it %q; want %q and %q", b, a, c.before, c.after)
			}
			if b, a := jonas(o.blindBefore), jonas(o.blindAfter); b != c.before || a != c.after {
				t.Errorf("without a ledger: %q, with the change %q", b, a)
			}
		})
	}
}

// ownLine is the line of the schedule own; rest may give zone, catch_up, max_age and teams.
func ownLine(cron string, rest ...string) string {
	usual := []string{"-", "last", "72h", ""}
	copy(usual, rest)
	return strings.TrimSpace("own rep " + cron + " " + strings.Join(usual, " "))
}

// jonas gives the days of June of whose periods Jonas gets a digest.
func jonas(all []string) string {
	var days []string
	for _, line := range all {
		if f := strings.Fields(line); f[2] == "R005" && f[5] == "true" {
			day := strings.TrimPrefix(f[0], "2026-06-")
			if f[1] != "own" {
				day += "!"
			}
			days = append(days, day)
		}
	}
	return strings.Join(days, " ")
}

// What could not be made is made good by a later tick of its day, which a change may bring.
func TestADigestThatCouldNotBeMadeIsForetoldOfALaterHour(t *testing.T) {
	c := trial{old: draft{schedules: []string{ownLine("0_7_*_*_1")}}, new: draft{schedules: []string{ownLine("0_8_*_*_1")}}, at: monday.Add(30 * time.Minute), broken: true}
	o := c.play(t)
	if diff := differences(o.after, o.came); diff != "" || jonas(o.before) != "" || jonas(o.after) != "01" {
		t.Errorf("without the change %q, with it %q\n%s", jonas(o.before), jonas(o.after), diff)
	}
}

// A mail that waits for the relay is withdrawn of somebody whom the change leaves out.
func TestAMailThatWaitsForTheRelayIsForetoldToBeWithdrawn(t *testing.T) {
	schedules := []string{ownLine("0_7_*_*_1")}
	c := trial{old: draft{schedules: schedules}, new: draft{schedules: schedules, people: []pipeline.Person{{Rep: "R005", Active: pipeline.Some(false)}}}, at: monday.Add(30 * time.Minute), relayDown: true}
	o := c.play(t)
	if diff := differences(o.after, o.came); diff != "" || jonas(o.before) != "01" || jonas(o.after) != "" {
		t.Errorf("without the change %q, with it %q\n%s", jonas(o.before), jonas(o.after), diff)
	}
}
