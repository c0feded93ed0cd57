package config

import "slices"

// PerhapsRenamed gives, by the name of each schedule that is gone, the name of a new one that looks like it: it makes
// the same digest of the same window at the same time, or for the same recipients. Each new one stands for one old one
// at most, those with the same time first.
func PerhapsRenamed(before, after []Schedule) map[string]string {
	sameTime := func(a, b Schedule) bool {
		return a.Spec.String() == b.Spec.String() && a.RecipientZone == b.RecipientZone && a.Zone.String() == b.Zone.String()
	}
	samePeople := func(a, b Schedule) bool {
		return slices.Equal(a.Recipients.Teams, b.Recipients.Teams) && slices.Equal(a.Recipients.Reps, b.Recipients.Reps) &&
			slices.Equal(a.Recipients.Addresses, b.Recipients.Addresses)
	}
	to, taken := map[string]string{}, map[string]bool{}
	for _, alike := range []func(a, b Schedule) bool{
		func(a, b Schedule) bool { return sameTime(a, b) && samePeople(a, b) }, sameTime, samePeople,
	} {
		for _, old := range missingFrom(after, before) {
			for _, fresh := range missingFrom(before, after) {
				if to[old.Name] == "" && !taken[fresh.Name] && old.Digest == fresh.Digest && old.Window == fresh.Window && alike(old, fresh) {
					to[old.Name], taken[fresh.Name] = fresh.Name, true
				}
			}
		}
	}
	return to
}

// missingFrom are those of some schedules whose names the others do not have.
func missingFrom(others, some []Schedule) (missing []Schedule) {
	for _, s := range some {
		if !slices.ContainsFunc(others, func(o Schedule) bool { return o.Name == s.Name }) {
			missing = append(missing, s)
		}
	}
	return missing
}
