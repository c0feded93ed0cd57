package yamlfile

import (
	"fmt"
	"regexp"
	"time"
)

var (
	yearFirst = regexp.MustCompile(`^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ].*)?$`)
	dotted    = regexp.MustCompile(`^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$`)
	slashed   = regexp.MustCompile(`^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})$`)
)

// LikelyDate is the hint after what is no date of the form YYYY-MM-DD: the one that was likely meant, where that can be
// told.
func LikelyDate(s string) string {
	const form = "write it like 2026-07-01"
	var y, m, d string
	switch {
	case yearFirst.MatchString(s):
		p := yearFirst.FindStringSubmatch(s)
		y, m, d = p[1], p[2], p[3]
	case dotted.MatchString(s):
		p := dotted.FindStringSubmatch(s)
		y, m, d = p[3], p[2], p[1]
	case slashed.MatchString(s):
		p := slashed.FindStringSubmatch(s)
		y, m, d = p[3], p[1], p[2]
		switch {
		case len(m) == 2 && m > "12":
			m, d = d, m
		case len(d) == 1 || d <= "12":
			return form + ": which of the two is the month cannot be told"
		}
	default:
		return form
	}
	date, err := time.Parse("2006-1-2", y+"-"+m+"-"+d)
	switch {
	case err != nil:
		return "the calendar has no such day"
	case date.Format(time.DateOnly) == s:
		return form
	}
	return fmt.Sprintf("did you mean %s?", date.Format(time.DateOnly))
}
