package web

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// count says a number with its noun.
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + more
}

// thousands groups a number's digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// stretch says how long something took or takes: the largest unit that still tells much.
func stretch(d time.Duration) string {
	switch {
	case d < time.Second:
		return "under a second"
	case d < 2*time.Minute:
		return count(int(d/time.Second), "second", "seconds")
	case d < 2*time.Hour:
		return count(int(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour", "hours")
	}
	return count(int(d/(24*time.Hour)), "day", "days")
}

// moment is an instant as people and as programs read it.
type moment struct {
	Words string // Mon 23 Nov, 07:00 CET
	Exact string // RFC 3339
}

// at says when something is, with the year where it is not this one.
func (c *scene) at(t time.Time, zone *time.Location) moment {
	t = t.In(zone)
	layout := "Mon 2 Jan, 15:04 MST"
	if t.Year() != c.now.In(zone).Year() {
		layout = "Mon 2 Jan 2006, 15:04 MST"
	}
	return moment{t.Format(layout), t.Format(time.RFC3339)}
}

// ago says when something was, and how long ago that is.
func (c *scene) ago(t time.Time) string {
	return c.at(t, c.Zone).Words + ", " + stretch(c.now.Sub(t)) + " ago"
}

func (c *scene) since(t time.Time) string { return "Since " + c.ago(t) }

// until says how far away an instant is by the calendar on the wall of a zone.
func (c *scene) until(t time.Time, zone *time.Location) string {
	day := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	switch days := int(day(t).Sub(day(c.now)) / (24 * time.Hour)); {
	case t.Sub(c.now) < time.Minute:
		return "now"
	case days == 0:
		return "today, in " + stretch(t.Sub(c.now))
	case days == 1:
		return "tomorrow"
	default:
		return "in " + count(days, "day", "days")
	}
}

// command is what to type, with the config as the worker was given it.
func (c *scene) command(words ...string) string {
	for i, w := range words {
		words[i] = shellQuoted(w)
	}
	return "drumbeat " + strings.Join(words, " ") + " --config " + shellQuoted(c.Running.Config)
}

// shellQuoted puts a word into single quotes where a shell would read more into it.
func shellQuoted(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// listed joins words as a sentence does, the first few of them.
func listed(words []string) string {
	const most = 3
	switch n := len(words); {
	case n == 0:
		return ""
	case n == 1:
		return words[0]
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most-1], ", "), n-most+1)
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// counted says how many there are of each reason, the most first.
func counted(reasons map[string]int) string {
	const most = 6
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	var out []string
	for i, name := range names {
		if i == most {
			rest := 0
			for _, other := range names[most:] {
				rest += reasons[other]
			}
			out = append(out, "others "+thousands(rest))
			break
		}
		out = append(out, cmp.Or(name, "no reason")+" "+thousands(reasons[name]))
	}
	return strings.Join(out, ", ")
}
