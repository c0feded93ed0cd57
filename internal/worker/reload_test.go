package worker

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/schedule"
)

// Fault 6: whoever changes a schedule in the middle of a week gets no digest twice and leaves none out. A renamed
// schedule is a new one: its first digest is that of its next tick.
func TestAChangedScheduleReplaysNothingAndSkipsNothing(t *testing.T) {
	zone := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return loc
	}
	at := func(days, hour, minute int) time.Time {
		return monday.AddDate(0, 0, days).Add(time.Duration(hour-7)*time.Hour + time.Duration(minute)*time.Minute)
	}
	for _, c := range []struct {
		name, cron string
		zone       string
		rename     string
		changed    time.Time // monday is the first tick, at 07:00 UTC
		want       []string  // the periods that go out over three weeks
	}{
		{"later on the same day, after it went out", "0 9 * * 1", "UTC", "", at(0, 8, 0), []string{"2026-06-01", "2026-06-08", "2026-06-15"}},
		{"earlier on the same day, before it went out", "0 5 * * 1", "UTC", "", at(0, 6, 0), []string{"2026-06-01", "2026-06-08", "2026-06-15"}},
		{"the same hour in a zone where it is still to come", "0 7 * * 1", "America/New_York", "", at(0, 8, 0), []string{"2026-06-01", "2026-06-08", "2026-06-15"}},
		// Mondays at 07:00 in Tokyo are Sundays at 22:00 in the config's zone, whose dates name the periods.
		{"the same hour in a zone where it was, before it went out", "0 7 * * 1", "Asia/Tokyo", "", at(0, 6, 0), []string{"2026-05-31", "2026-06-07", "2026-06-14"}},
		{"another day, in the middle of the week", "0 7 * * 5", "UTC", "", at(2, 12, 0), []string{"2026-06-01", "2026-06-05", "2026-06-12", "2026-06-19"}},
		{"another name, in the middle of the week", "0 7 * * 1", "UTC", "renamed", at(2, 12, 0), []string{"2026-06-01", "2026-06-08", "2026-06-15"}},
		{"nothing", "0 7 * * 1", "UTC", "", at(2, 12, 0), []string{"2026-06-01", "2026-06-08", "2026-06-15"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, monday.AddDate(0, 0, 21), `
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", skip_empty: false}]
`)
			ctx := context.Background()
			begin, end := at(-1, 12, 0), at(19, 12, 0)
			s := k.newServer(begin)
			for now := begin; now.Before(end); now = now.Add(time.Hour) {
				if now.Equal(c.changed) {
					spec, err := schedule.Parse(c.cron)
					if err != nil {
						t.Fatal(err)
					}
					sched := &k.Config.Schedules[0]
					sched.Spec, sched.Zone = spec, zone(c.zone)
					if c.rename != "" {
						sched.Name = c.rename
					}
					s = k.newServer(now)
				}
				s.reconcile(ctx, now)
				if err := k.newDispatch(ledger.Filter{}, time.Time{}).deliver(ctx); err != nil {
					t.Fatal(err)
				}
			}
			one := k.rows(ledger.Filter{State: ledger.Sent})[0].Recipient
			var got []string
			for _, row := range k.rows(ledger.Filter{Recipients: []string{one}, State: ledger.Sent}) {
				got = append(got, row.Period)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("went out %s, want %s\n%s", strings.Join(got, " "), strings.Join(c.want, " "), k.logs)
			}
		})
	}
}
