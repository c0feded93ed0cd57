package digest

import (
	"slices"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// How much is announced at once, and of each how many deals.
const (
	announcedRows  = 3
	announcedDeals = 3
)

// announced says which criteria will be asked for, from when, and what they would have shown had they been asked
// for already: nobody is to learn of a yardstick by a miss.
func (b *builder) announced() (out []Announcement) {
	if b.in.Asked == nil || b.stale() {
		return nil
	}
	all := b.in.Process.Announced(b.r.AsOf)
	for _, a := range all[:min(announcedRows, len(all))] {
		out = append(out, b.announce(a))
	}
	return out
}

func (b *builder) announce(a process.Announced) Announcement {
	c := a.Checkpoint
	var lacking []health.Deal
	for _, d := range b.in.Asked.Deals {
		// only deals that the cut report has too: nobody else's are looked at
		own := slices.ContainsFunc(b.r.Deals, func(own health.Deal) bool { return own.ID == d.ID && own.RepID == d.RepID })
		if own && slices.Contains(d.Lacks, c.Key) && (!b.sold(d) || c.Stage.Phase == process.After) {
			lacking = append(lacking, d)
		}
	}
	met, due := b.wouldHaveShown(c.Key)
	out := Announcement{Text: b.say("announced criterion", "date", b.date(pipeline.DateOf(a.From, b.in.Settings.Location)), "stage", line(c.Stage.Name, 40),
		"quote", b.quote(c.Criterion.Says), "why", sentence(c.Criterion.Why), "met", met, "due", due, "lacking", len(lacking))}
	largestFirst(lacking)
	for _, d := range lacking[:min(announcedDeals, len(lacking))] {
		out.Deals = append(out.Deals, b.mention(d))
	}
	return out
}

// wouldHaveShown counts, for a manager, how often it would have been met in the window, over all teams; of too few
// cases nothing is said.
func (b *builder) wouldHaveShown(key string) (met, due int) {
	i := slices.IndexFunc(b.in.Asked.Checkpoints, func(cp health.Checkpoint) bool { return cp.Key == key })
	if i < 0 || b.in.Asked.Checkpoints[i].Due < b.minDue() || b.in.Recipient.Kind != Manager {
		return 0, 0
	}
	return b.in.Asked.Checkpoints[i].Met, b.in.Asked.Checkpoints[i].Due
}
