package digesttest

import (
	"maps"
	"slices"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/words"
)

// Operations is a bad Monday of whoever runs Drumbeat: a run that went well, and one that was late, with every
// way for a digest not to arrive.
func Operations() digest.Operations {
	tick := AsOf.Add(7 * time.Hour)
	mails := func(n int, state, reason string) (out []digest.MailRecord) {
		for range n {
			out = append(out, digest.MailRecord{RepID: "r01", Address: "ada.park@example.com", State: state, Reason: reason, Made: true})
		}
		return out
	}
	team := digest.RunRecord{Schedule: "weekly-team", Span: pipeline.Week, Period: pipeline.DateOf(AsOf, Berlin), Tick: tick.Add(-30 * time.Minute),
		Began: tick.Add(-30 * time.Minute), Ended: tick.Add(-29 * time.Minute), Mails: mails(3, "sent", "")}
	own := digest.RunRecord{Schedule: "weekly-own", Span: pipeline.Week, Period: pipeline.DateOf(AsOf, Berlin), Tick: tick,
		Began: tick.Add(150 * time.Minute), Ended: tick.Add(152 * time.Minute), Mails: mails(14, "sent", "")}
	own.Mails = append(own.Mails, append(mails(2, "skipped", "away"), mails(1, "skipped", "nothing to say")...)...)
	own.Mails = append(own.Mails,
		digest.MailRecord{RepID: "r02", Address: "bo.lindqvist@example.com", State: "failed", Made: true, Reason: "550 5.1.1 no such user"},
		digest.MailRecord{RepID: "r03", Address: "chloe@example.com", State: "failed", Made: true, Reason: "552 5.2.2 mailbox full"},
		digest.MailRecord{RepID: "r05", Address: "r05@example.com", State: "failed", Reason: "digest of r05: template: manager.html:12: nil pointer"},
		digest.MailRecord{ID: 17, RepID: "r06", Address: "femi@example.com", State: "unknown", Made: true, Reason: "the answer was lost: connection reset by peer"})
	return digest.Operations{
		Recipient: digest.Recipient{Kind: digest.Admin, Address: "revenue@example.com"}, Schedule: "operations", Location: Berlin,
		At: tick.Add(4 * time.Hour), Since: tick.AddDate(0, 0, -7), Runs: []digest.RunRecord{team, own},
		Next:      []digest.DueTick{{Schedule: "weekly-team", At: tick.Add(-30*time.Minute).AddDate(0, 0, 7)}, {Schedule: "weekly-own", At: tick.AddDate(0, 0, 7)}},
		Names:     map[string]string{"r02": "Bo Lindqvist", "r03": "Chloé Martin", "r06": "Femi Adeyemi"},
		NoAddress: []digest.Person{{ID: "r11", Name: "Ida Krog", Why: digest.SkipNoAddress}},
		Data: &digest.DataState{AsOf: AsOf, Window: 7 * 24 * time.Hour, Newest: pipeline.Some(AsOf.Add(-5 * time.Hour)),
			Rows:   map[string]int64{"reps": 61, "deals": 4210, "stage_changes": 18733, "activities": 21400, "waivers": 12},
			Before: map[string]int64{"reps": 61, "deals": 4188, "stage_changes": 18601, "activities": 57033, "waivers": 12}},
		Config: "/etc/drumbeat/drumbeat.yaml", Version: "config 3f2a9c1d07be, drumbeat 88aaef9, production", Stop: "drumbeat@example.com",
	}
}

// Case is a story of any kind, and how its digest is made.
type Case struct {
	Name  string
	Build func(*words.Voice) (*digest.Digest, error)
}

// Storybook is all of them: those of managers and reps, then the admins' by name.
func Storybook() (all []Case) {
	for _, s := range Stories() {
		all = append(all, Case{s.Name, func(v *words.Voice) (*digest.Digest, error) {
			s.Input.Voice = v
			return digest.Build(s.Input)
		}})
	}
	admin := AdminStories()
	for _, name := range slices.Sorted(maps.Keys(admin)) {
		all = append(all, Case{name, func(v *words.Voice) (*digest.Digest, error) {
			in := admin[name]
			in.Voice = v
			return digest.BuildAdmin(in)
		}})
	}
	return all
}

// AdminStories are admins' digests in every state.
func AdminStories() map[string]digest.Operations {
	quiet, down, lost, missed := Operations(), Operations(), Operations(), Operations()
	quiet.Runs, quiet.NoAddress, quiet.Data.Before = quiet.Runs[:1], nil, quiet.Data.Rows
	why := `open the source: dial tcp 127.0.0.1:5432: connect: connection refused`
	down.Cause, down.Runs, down.NoAddress, down.Data, down.Since = digest.NotMade, nil, nil, nil, time.Time{}
	down.Due = []digest.DueTick{{Schedule: "weekly-team", At: AsOf.Add(390 * time.Minute), Why: why}, {Schedule: "weekly-own", At: AsOf.Add(7 * time.Hour), Why: why}}
	lost.Cause, lost.Runs, lost.NoAddress, lost.Since = digest.Trouble, lost.Runs[1:], nil, time.Time{}
	lost.Data.Newest, lost.Data.Before = pipeline.Some(AsOf.AddDate(0, 0, -23)), nil
	missed.Cause, missed.Runs, missed.NoAddress, missed.Data, missed.Since = digest.Missed, nil, nil, nil, time.Time{}
	missed.Missed = []digest.DueTick{{Schedule: "weekly-own", At: AsOf.Add(-161 * time.Hour), Why: "its last tick is older than max_age, 3 days"}}
	all := rareOperations()
	maps.Copy(all, map[string]digest.Operations{"admin": Operations(), "admin-quiet": quiet, "admin-source-down": down, "admin-lost": lost, "admin-missed": missed})
	return all
}
