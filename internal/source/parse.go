package source

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"drumbeat/internal/pipeline"
)

const (
	// The years that a pipeline has: outside lie typing errors and the placeholders of other systems, and
	// differences of instants further apart would not fit into a time.Duration.
	firstYear, lastYear = 1900, 2100

	mostWord = 500       // bytes of an id or a name: several stand in one index entry
	mostText = 64 * 1024 // bytes of any other text
)

// parse takes a value as it stands in a CSV file; the empty one is null.
func (c *cell) parse(col *column, s string) error {
	*c = cell{null: s == ""}
	if c.null {
		if col.required {
			return wrong{"is empty", "every row needs it"}
		}
		return nil
	}
	if err := checkText(col, s); err != nil {
		return err
	}
	var err error
	switch col.kind {
	case text, word:
		c.text = s
		return c.known(col)
	case instant:
		c.at, err = parseInstant(s, true)
	case date:
		c.date, err = parseDate(s)
	case amount, share:
		return c.parseNumber(col.kind, s)
	case integer:
		if c.int, err = strconv.ParseInt(s, 10, 64); err != nil {
			return wrong{fmt.Sprintf("%s is no whole number", quote(s)), ""}
		}
	case boolean:
		return c.parseBoolean(s)
	}
	return err
}

func checkText(col *column, s string) error {
	most := mostText
	if col.kind != text {
		most = mostWord
	}
	switch {
	case len(s) > most:
		return wrong{fmt.Sprintf("is %d bytes long", len(s)), fmt.Sprintf("at most %d", most)}
	case strings.IndexByte(s, 0) >= 0:
		return wrong{"holds a NUL byte", "save the file as text, in UTF-8"}
	case !utf8.ValidString(s):
		return wrong{fmt.Sprintf("%s is not UTF-8", quote(s)), "save the file as CSV in UTF-8"}
	case col.required && strings.TrimSpace(s) == "":
		return wrong{"holds nothing but spaces", "every row needs it"}
	}
	return nil
}

func (c *cell) parseBoolean(s string) error {
	switch strings.ToLower(s) {
	case "true", "t", "yes", "1":
		c.flag = true
	case "false", "f", "no", "0":
		c.flag = false
	default:
		return wrong{fmt.Sprintf("%s is neither true nor false", quote(s)), "one of true, false, t, f, yes, no, 1, 0"}
	}
	return nil
}

// parseNumber reads digits with a dot: `1,234.5`, `12 €` and `1e3` mean different things to different people.
func (c *cell) parseNumber(k kind, s string) error {
	whole, decimals, dot := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !digits(whole) || dot && !digits(decimals) {
		return wrong{fmt.Sprintf("%s is no number", quote(s)), "write digits with a dot and no separators, like 1234.50"}
	}
	if k == amount {
		if len(decimals) > 4 {
			return wrong{fmt.Sprintf("%s has more than 4 decimals", quote(s)), "round it"}
		}
		if len(strings.TrimLeft(whole, "0")) > 15 {
			return wrong{fmt.Sprintf("%s has more than 15 digits before the dot", quote(s)), "is it an amount of money?"}
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return wrong{fmt.Sprintf("%s is out of range", quote(s)), ""}
	}
	c.num, c.text = f, s
	return c.checkNumber(k)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// number reads n digits at i.
func number(s string, i, n int) (int, bool) {
	if i+n > len(s) || !digits(s[i:i+n]) {
		return 0, false
	}
	v := 0
	for _, d := range []byte(s[i : i+n]) {
		v = v*10 + int(d-'0')
	}
	return v, true
}

// separator says whether s has one of the given bytes at i.
func separator(s string, i int, any string) bool {
	return i < len(s) && strings.IndexByte(any, s[i]) >= 0
}

func checkYear(y int) error {
	if y < firstYear || y > lastYear {
		return wrong{fmt.Sprintf("the year %04d is outside %d to %d", y, firstYear, lastYear), "leave unknown ones empty"}
	}
	return nil
}

// parseDate reads YYYY-MM-DD, and nothing that another calendar habit could read differently.
func parseDate(s string) (pipeline.Date, error) {
	y, m, d, ok := ymd(s)
	if !ok || len(s) != len(time.DateOnly) {
		return 0, wrong{fmt.Sprintf("%s is no date", quote(s)), "write YYYY-MM-DD"}
	}
	return pipeline.NewDate(y, time.Month(m), d), checkYear(y)
}

// ymd reads the civil date at the head of s; ok only for a day that the calendar has.
func ymd(s string) (y, m, d int, ok bool) {
	y, ok1 := number(s, 0, 4)
	m, ok2 := number(s, 5, 2)
	d, ok3 := number(s, 8, 2)
	if !ok1 || !ok2 || !ok3 || s[4] != '-' || s[7] != '-' || m < 1 || m > 12 {
		return 0, 0, 0, false
	}
	last := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return y, m, d, d >= 1 && d <= last
}

// parseInstant reads RFC 3339 or `YYYY-MM-DD HH:MM:SS[.ffffff]`, which is UTC. When not strict, it takes what
// databases write, too: a date alone, T without a zone, a zone after the blank form, more decimals (cut off).
func parseInstant(s string, strict bool) (time.Time, error) {
	y, mo, d, ok := ymd(s)
	if !ok {
		return time.Time{}, noInstant(s)
	}
	if len(s) == len(time.DateOnly) && !strict {
		return time.Date(y, time.Month(mo), d, 0, 0, 0, 0, time.UTC), checkYear(y)
	}
	h, ok1 := number(s, 11, 2)
	mi, ok2 := number(s, 14, 2)
	sec, ok3 := number(s, 17, 2)
	if !ok1 || !ok2 || !ok3 || !separator(s, 10, "Tt ") || s[13] != ':' || s[16] != ':' || h > 23 || mi > 59 || sec > 59 {
		return time.Time{}, noInstant(s)
	}
	rest := s[19:]
	micros := 0
	if separator(rest, 0, ".") {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return time.Time{}, noInstant(s)
		}
		if n > 7 && strict {
			return time.Time{}, wrong{fmt.Sprintf("%s has more than 6 decimals of a second", quote(s)), "cut the rest"}
		}
		micros, _ = number((rest[1:min(n, 7)] + "000000")[:6], 0, 6) // digits all, as seen above
		rest = rest[n:]
	}
	offset, ok := zoneOffset(rest, strict)
	if !ok || strict && (rest == "") != (s[10] == ' ') {
		return time.Time{}, noInstant(s)
	}
	t := time.Date(y, time.Month(mo), d, h, mi, sec, micros*1000, time.UTC).Add(-offset)
	return t, checkYear(y)
}

func noInstant(s string) error {
	return wrong{fmt.Sprintf("%s is no instant", quote(s)), "write 2006-01-02T15:04:05Z, or 2006-01-02 15:04:05 for UTC"}
}

// zoneOffset reads Z, ±HH:MM, or nothing, which is UTC; when not strict ±HHMM and ±HH as well.
func zoneOffset(s string, strict bool) (time.Duration, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	if !separator(s, 0, "+-") {
		return 0, false
	}
	h, ok := number(s, 1, 2)
	m := 0
	switch {
	case !ok:
		return 0, false
	case len(s) == 6 && s[3] == ':':
		m, ok = number(s, 4, 2)
	case len(s) == 5 && !strict:
		m, ok = number(s, 3, 2)
	default:
		ok = len(s) == 3 && !strict
	}
	if !ok || h > 23 || m > 59 {
		return 0, false
	}
	off := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if s[0] == '-' {
		off = -off
	}
	return off, true
}
