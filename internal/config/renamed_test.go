package config

import (
	"maps"
	"testing"
)

func TestPerhapsRenamed(t *testing.T) {
	schedules := func(text string) []Schedule {
		return mustLoad(t, folder(t, "source: {dsn: \"sqlite:pipeline.db\"}\nprocess: process.yaml\nschedules: ["+text+"]\n")).Schedules
	}
	const own = `{name: own, digest: rep, cron: "0 7 * * 1"}`
	for _, c := range []struct {
		name, before, after string
		want                map[string]string
	}{
		{"nothing changed", own, own, nil},
		{"another hour, the same name", own, `{name: own, digest: rep, cron: "0 9 * * 1"}`, nil},
		{"another name", own, `{name: mine, digest: rep, cron: "0 7 * * 1"}`, map[string]string{"own": "mine"}},
		{"another name and hour, the same people", own, `{name: mine, digest: rep, cron: "0 9 * * 2"}`, map[string]string{"own": "mine"}},
		{"another name and other people at the same hour", own, `{name: mine, digest: rep, cron: "0 7 * * 1", recipients: {teams: [North]}}`, map[string]string{"own": "mine"}},
		{"other people at another hour", own, `{name: north, digest: rep, cron: "0 9 * * 1", recipients: {teams: [North]}}`, nil},
		{"the same hour in another zone for others", own, `{name: north, digest: rep, cron: "0 7 * * 1", time_zone: Asia/Tokyo, recipients: {teams: [North]}}`, nil},
		{"another digest", own, `{name: mine, digest: manager, cron: "0 7 * * 1"}`, nil},
		{"another window", own, `{name: mine, digest: rep, cron: "0 7 * * 1", window: month}`, nil},
		{"one that was there before", own + `, {name: mine, digest: rep, cron: "0 7 * * 1"}`, `{name: mine, digest: rep, cron: "0 7 * * 1"}`, nil},
		{"two at once, each its own", own + `, {name: late, digest: rep, cron: "0 18 * * 5"}`,
			`{name: friday, digest: rep, cron: "0 18 * * 5"}, {name: monday, digest: rep, cron: "0 7 * * 1"}`, map[string]string{"own": "monday", "late": "friday"}},
		{"two became one", own + `, {name: late, digest: rep, cron: "0 18 * * 5"}`, `{name: friday, digest: rep, cron: "0 18 * * 5"}`, map[string]string{"late": "friday"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := PerhapsRenamed(schedules(c.before), schedules(c.after)); !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
