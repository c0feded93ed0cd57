package digest

import (
	"errors"
	"maps"
	"strings"

	"drumbeat/internal/words"
)

// speaker says the phrases of one digest.
type speaker struct {
	*words.Voice
	base map[string]any // what every phrase knows
	err  error          // of those that could not be said; it fails the digest
}

func newSpeaker(v *words.Voice) *speaker {
	if v == nil {
		v = words.Default()
	}
	return &speaker{Voice: v, base: map[string]any{}}
}

// say says a phrase. What it may speak of comes in pairs of a name and a value.
func (s *speaker) say(phrase string, pairs ...any) string {
	data := maps.Clone(s.base)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[pairs[i].(string)] = pairs[i+1]
	}
	return s.said(s.Say(phrase, data))
}

// said keeps what could not be said.
func (s *speaker) said(text string, err error) string {
	s.err = errors.Join(s.err, err)
	return text
}

// some lists at most two items and counts the rest.
func (s *speaker) some(items []string) string {
	const most = 2
	if n := len(items) - most; n > 0 {
		items = append(items[:most:most], s.say("and more", "n", n))
	}
	return s.List(items)
}

// quote is a configured sentence as part of another one.
func (s *speaker) quote(says string) string {
	return s.say("quote", "says", strings.TrimSuffix(line(says, 200), "."))
}

// dayCount says how many whole days have passed.
func (s *speaker) dayCount(days float64) string { return s.say("days", "days", int(max(0, days))) }

// stretch says how long something took, in one of: minutes, hours, days, weeks, months, years.
func (s *speaker) stretch(n int, in string) string { return s.say("stretch", "n", n, "in", in) }

// fewDays can still be pictured as days.
const fewDays = 60

// age says how long ago something was, in the largest unit that still tells much.
func (s *speaker) age(days int) string {
	switch {
	case days <= fewDays:
		return s.stretch(days, "days")
	case days < 122:
		return s.stretch(days/7, "weeks")
	case days <= 730:
		return s.stretch(int(float64(days)/30.44), "months")
	}
	return s.stretch(int(float64(days)/365.25), "years")
}
