package source

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"drumbeat/internal/pipeline"
)

type timestamp = time.Time

// cell is one value of a row, in the field that belongs to the kind of its column.
type cell struct {
	null bool
	text string  // text and word; of numbers from a file the digits as given, since a float64 keeps about 16
	num  float64 // amount and share
	int  int64
	at   time.Time // UTC, microseconds
	date pipeline.Date
	flag bool
}

func (c *cell) number() pipeline.Opt[float64] { return pipeline.Opt[float64]{V: c.num, OK: !c.null} }
func (c *cell) count() pipeline.Opt[int64]    { return pipeline.Opt[int64]{V: c.int, OK: !c.null} }
func (c *cell) when() pipeline.Opt[time.Time] { return pipeline.Opt[timestamp]{V: c.at, OK: !c.null} }
func (c *cell) civil() pipeline.Opt[pipeline.Date] {
	return pipeline.Opt[pipeline.Date]{V: c.date, OK: !c.null}
}

// wrong says what is wrong with a value and what to do about it.
type wrong struct{ what, hint string }

func (w wrong) Error() string {
	if w.hint == "" {
		return w.what
	}
	return w.what + "; " + w.hint
}

// set takes a value as a database driver hands it over. It is more lenient than parse about the form (a
// query of the user's own gives what its tables hold), and as strict about the meaning.
func (c *cell) set(col *column, src any) error {
	*c = cell{null: src == nil}
	if s, ok := asText(src); ok {
		c.text, c.null = s, s == ""
	}
	if c.null {
		if col.required {
			return errors.New("is null")
		}
		return nil
	}
	var err error
	switch col.kind {
	case text, word:
		switch v := src.(type) {
		case time.Time:
			return errors.New("is a point in time where text is expected")
		case int64, bool:
			c.text = fmt.Sprint(v)
		case float64:
			c.text = strconv.FormatFloat(v, 'f', -1, 64)
		}
		if col.kind == text {
			c.text = strings.ToValidUTF8(c.text, "\uFFFD") // a name may look odd; nothing is joined by it
		} else if !utf8.ValidString(c.text) {
			return wrong{fmt.Sprintf("%s is not UTF-8", quote(c.text)), "two such would look the same in a report"}
		}
		return c.known(col)
	case instant:
		c.at, err = instantFrom(src, c.text)
	case date:
		c.date, err = dateFrom(src, c.text)
	case amount, share:
		return c.setNumber(col.kind, src)
	case integer:
		return c.setInteger(src)
	case boolean:
		return c.setBoolean(src)
	}
	return err
}

// asText gives what the drivers hand over as text: numerics and types of other names come so, too.
func asText(src any) (string, bool) {
	switch v := src.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

func (c *cell) known(col *column) error {
	if col.oneOf == nil || slices.Contains(col.oneOf, c.text) {
		return nil
	}
	return wrong{fmt.Sprintf("%s is unknown", quote(c.text)), "one of " + strings.Join(col.oneOf, ", ")}
}

func instantFrom(src any, s string) (time.Time, error) {
	t, ok := src.(time.Time)
	if !ok {
		if s == "" {
			return t, fmt.Errorf("%v (%T) is no point in time", src, src)
		}
		return parseInstant(s, false)
	}
	t = t.UTC().Truncate(time.Microsecond)
	return t, checkYear(t.Year())
}

func dateFrom(src any, s string) (pipeline.Date, error) {
	if t, ok := src.(time.Time); ok {
		return pipeline.NewDate(t.Date()), checkYear(t.Year())
	}
	if s == "" {
		return 0, fmt.Errorf("%v (%T) is no date", src, src)
	}
	if len(s) > len(time.DateOnly) { // a date kept as an instant: its own day, never another zone's
		if _, err := parseInstant(s, false); err == nil {
			s = s[:len(time.DateOnly)]
		}
	}
	return parseDate(s)
}

func (c *cell) setNumber(k kind, src any) error {
	switch v := src.(type) {
	case float64:
		c.num = v
	case int64:
		c.num = float64(v)
	default:
		f, err := strconv.ParseFloat(c.text, 64)
		if err != nil {
			return fmt.Errorf("%s is no number", quote(fmt.Sprint(describe(src, c.text))))
		}
		c.num = f
	}
	return c.checkNumber(k)
}

func describe(src any, s string) any {
	if s != "" {
		return s
	}
	return src
}

// checkNumber refuses what no figure can be made of.
func (c *cell) checkNumber(k kind) error {
	if c.num-c.num != 0 { // NaN or infinite
		return fmt.Errorf("%v is no number to reckon with", c.num)
	}
	if c.num == 0 {
		c.num = 0 // -0 prints differently
	}
	if k == share && (c.num < 0 || c.num > 1) {
		return wrong{fmt.Sprintf("%v is outside 0 to 1", c.num), "write a probability of 60 % as 0.6"}
	}
	return nil
}

func (c *cell) setInteger(src any) error {
	if v, ok := src.(int64); ok {
		c.int = v
		return nil
	}
	v, err := strconv.ParseInt(c.text, 10, 64)
	if err != nil {
		return fmt.Errorf("%s is no whole number", quote(fmt.Sprint(describe(src, c.text))))
	}
	c.int = v
	return nil
}

func (c *cell) setBoolean(src any) error {
	switch v := src.(type) {
	case bool:
		c.flag = v
		return nil
	case int64:
		c.flag = v != 0
		return nil
	}
	return c.parseBoolean(fmt.Sprint(describe(src, c.text)))
}

// quote shows a value in a message, cut to what fits there.
func quote(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not within a letter
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}
