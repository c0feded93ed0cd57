package export

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// The orders of a date's parts, as the map and the command line name them.
const (
	dayFirst   = "dmy"
	monthFirst = "mdy"
	yearFirst  = "ymd"
)

var dateOrders = []string{dayFirst, monthFirst, yearFirst}

// moment is a date, with or without a time, as it stands in a file: which part is the month may be open.
type moment struct {
	numbers [3]int // in their order; day and month last where the year is first
	fixed   bool   // the order is plain: the year is first, or the month is a word
	year    int
	month   time.Month // of a fixed one
	day     int
	timed   bool
	clock   time.Duration // since midnight, as a clock on the wall shows it
	zoned   bool
	offset  time.Duration // from UTC
}

var (
	monthDay  = regexp.MustCompile(`^([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})`)
	dayMonth  = regexp.MustCompile(`^(\d{1,2})[. -] ?([A-Za-z]{3,9})\.?,?[ -](\d{4})`)
	clockForm = regexp.MustCompile(`^[T,]?\s*(?:at )?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$`)
)

var (
	errNoDate    = errors.New("is no date that can be read; write it like 2016-10-20, 10/20/2016 or 20.10.2016 15:45")
	errShortYear = errors.New("has a year of two digits; export years with four")
)

// parseMoment reads a date as people and CRMs write it.
func parseMoment(s string) (moment, error) {
	s = clean(s)
	m, rest, err := numericDate(s)
	if err != nil {
		return m, err
	}
	if rest == s { // no digits, or none that make a date
		if m, rest = wordyDate(s); rest == s {
			return m, errNoDate
		}
	}
	if m.fixed && !exists(m.year, m.month, m.day) {
		return m, errNoDate
	}
	return m, m.readClock(strings.TrimSpace(rest))
}

// numericDate reads a date of three numbers at the head of a text, by hand: an export has millions of them. rest is
// the whole text where there is none.
func numericDate(s string) (m moment, rest string, err error) {
	var widths [3]int
	at := 0
	for part := range 3 {
		begin := at
		for at < len(s) && at-begin < 4 && s[at] >= '0' && s[at] <= '9' {
			m.numbers[part] = m.numbers[part]*10 + int(s[at]-'0')
			at++
		}
		if widths[part] = at - begin; widths[part] == 0 {
			return moment{}, s, nil
		}
		if part == 2 {
			break
		}
		if at == len(s) || strings.IndexByte("./-", s[at]) < 0 || part == 1 && s[at] != separatorOf(s) {
			return moment{}, s, nil
		}
		if at++; at < len(s) && s[at] == ' ' {
			at++
		}
	}
	if at < len(s) && s[at] == '.' {
		at++
	}
	switch {
	case widths[0] == 4 && widths[1] <= 2 && widths[2] <= 2:
		m.fixed, m.year, m.month, m.day = true, m.numbers[0], time.Month(m.numbers[1]), m.numbers[2]
	case widths[0] <= 2 && widths[1] <= 2 && widths[2] == 4:
		m.year = m.numbers[2]
	case widths[0] <= 2 && widths[1] <= 2 && widths[2] <= 2:
		return m, s, errShortYear
	default:
		return m, s, errNoDate
	}
	return m, s[at:], nil
}

// separatorOf is the first sign behind the digits that a text begins with.
func separatorOf(s string) byte { return s[strings.IndexAny(s, "./-")] }

// wordyDate reads a date whose month is a word.
func wordyDate(s string) (m moment, rest string) {
	if part := monthDay.FindStringSubmatch(s); part != nil {
		m.fixed, m.year, m.month, m.day = true, number(part[3]), monthOf(part[1]), number(part[2])
		return m, s[len(part[0]):]
	}
	if part := dayMonth.FindStringSubmatch(s); part != nil {
		m.fixed, m.year, m.month, m.day = true, number(part[3]), monthOf(part[2]), number(part[1])
		return m, s[len(part[0]):]
	}
	return m, s
}

// readClock reads what stands behind a date.
func (m *moment) readClock(s string) error {
	if s == "" {
		return nil
	}
	if len(s) == len("15:04") && s[2] == ':' && digits(s[:2]) && digits(s[3:]) { // the usual one, without much ado
		return m.setClock(number(s[:2]), number(s[3:]), 0, 0)
	}
	part := clockForm.FindStringSubmatch(s)
	if part == nil {
		return errNoDate
	}
	h, mi, sec := number(part[1]), number(part[2]), number(part[3])
	if half := strings.ToLower(part[5]); half != "" {
		if h < 1 || h > 12 {
			return errNoDate
		}
		h %= 12
		if half[0] == 'p' {
			h += 12
		}
	}
	if err := m.setClock(h, mi, sec, number((part[4] + "000000")[:6])); err != nil {
		return err
	}
	if zone := part[6]; zone != "" {
		m.zoned = true
		if zone[0] == '+' || zone[0] == '-' {
			digits := strings.ReplaceAll(zone[1:], ":", "") + "00"
			m.offset = time.Duration(number(digits[:2]))*time.Hour + time.Duration(number(digits[2:4]))*time.Minute
			if m.offset > 18*time.Hour {
				return errNoDate
			}
			if zone[0] == '-' {
				m.offset = -m.offset
			}
		}
	}
	return nil
}

func (m *moment) setClock(h, mi, sec, micros int) error {
	if h > 23 || mi > 59 || sec > 59 {
		return errNoDate
	}
	m.timed = true
	m.clock = time.Duration(h)*time.Hour + time.Duration(mi)*time.Minute + time.Duration(sec)*time.Second + time.Duration(micros)*time.Microsecond
	return nil
}

func digits(s string) bool { return s != "" && !strings.ContainsFunc(s, notDigit) }

// number reads digits that a pattern has found.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0 // the empty one
	}
	return n
}

var months = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// monthOf knows the English names, whole or by their first letters; 0 is none.
func monthOf(word string) time.Month {
	word = strings.ToLower(word)
	if word == "sept" {
		return time.September
	}
	return time.Month(1 + slices.IndexFunc(months, func(m string) bool { return m == word || len(word) == 3 && strings.HasPrefix(m, word) }))
}

func exists(y int, m time.Month, d int) bool {
	return m >= 1 && m <= 12 && d >= 1 && d <= time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// in gives the civil date, its parts in that order; ok only for a day that the calendar has.
func (m moment) in(order string) (date pipeline.Date, ok bool) {
	y, mo, d := m.year, m.month, m.day
	switch {
	case m.fixed: // plain whatever the order
	case order == dayFirst:
		mo, d = time.Month(m.numbers[1]), m.numbers[0]
	case order == monthFirst:
		mo, d = time.Month(m.numbers[0]), m.numbers[1]
	default:
		return 0, false
	}
	if !exists(y, mo, d) {
		return 0, false
	}
	return pipeline.NewDate(y, mo, d), true
}

// readings says in words what a date means with its day first, and with its month first.
func (m moment) readings() [2]string {
	var out [2]string
	for i, order := range [2]string{dayFirst, monthFirst} {
		if date, ok := m.in(order); ok {
			y, mo, d := date.YMD()
			out[i] = fmt.Sprintf("%d %s %d", d, mo, y)
		}
	}
	return out
}

// instant gives the point in time; without a zone of its own it is that of a clock at loc, and without a time the
// midnight that begins the date.
func (m moment) instant(order string, loc *time.Location) (time.Time, bool) {
	date, ok := m.in(order)
	if !ok {
		return time.Time{}, false
	}
	y, mo, d := date.YMD()
	wall := time.Date(y, mo, d, 0, 0, 0, 0, time.UTC).Add(m.clock)
	if m.zoned {
		return wall.Add(-m.offset), true
	}
	if loc == time.UTC {
		return wall, true
	}
	return pipeline.AtWall(wall, loc).UTC(), true
}

// canonicalInstant writes an instant as canonical files have it.
func canonicalInstant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z") }
