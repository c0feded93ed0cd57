package digest

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"drumbeat/internal/pipeline"
)

// nb keeps a number and its unit on one line. Subjects and text parts write it as a plain space.
const nb = "\u00a0"

func plain(s string) string { return strings.ReplaceAll(s, nb, " ") }

// count says "1 deal" or "3 deals"; the forms carry their own following words.
func count(n int, one, many string) string {
	if n == 1 {
		return "1" + nb + one
	}
	return whole(n) + nb + many
}

// whole writes 34,734.
func whole(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// of says 1,382 of 1,910.
func of(n, all int) string { return whole(n) + " of " + whole(all) }

// times says once, twice, 3 times.
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return whole(n) + nb + "times"
}

// percent rounds to whole hundredths, but says 100 % only of all and 0 % only of none.
func percent(rate float64) string {
	const whisker = 1e-9
	p := points(rate)
	switch {
	case p == 100 && rate < 1-whisker:
		p = 99
	case p == 0 && rate > whisker:
		p = 1
	}
	return strconv.Itoa(p) + nb + "%"
}

// points rounds a rate to whole hundredths, half away from zero.
func points(rate float64) int { return int(math.Round(rate * 100)) }

// ratio says 2.3, and 1.04 where one decimal would hide on which side of 1 it lies.
func ratio(v float64) string {
	switch s := strconv.FormatFloat(v, 'f', 1, 64); s {
	case "1.0":
		return strconv.FormatFloat(v, 'f', 2, 64)
	case "-0.0": // what rounds to nothing is not below it
		return "0.0"
	default:
		return s
	}
}

func signed(rate float64) string {
	p := points(rate)
	switch {
	case p > 0:
		return "+" + strconv.Itoa(p) + nb + "%"
	case p < 0:
		return "−" + strconv.Itoa(-p) + nb + "%"
	}
	return "0" + nb + "%"
}

// dayCount says how many whole days have passed.
func dayCount(days float64) string {
	n := int(math.Floor(days))
	if n < 1 {
		return "under a day"
	}
	return count(n, "day", "days")
}

var symbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

// moneyIn writes amounts short: 850 €, 1.2 k€, 120 k€, 3 M€; a currency without a symbol as 120 k CHF.
func moneyIn(currency string) func(float64) string {
	sign, known := symbols[strings.ToUpper(currency)]
	if !known {
		sign = line(currency, 8)
	}
	return func(v float64) string {
		size, abs := "", math.Abs(v)
		for _, step := range []string{"k", "M", "bn", "tn"} {
			if abs < 999.5 {
				break
			}
			abs, size = abs/1000, step
		}
		digits := 0
		if size != "" && abs < 9.95 {
			digits = 1
		}
		s := strings.TrimSuffix(strconv.FormatFloat(abs, 'f', digits, 64), ".0")
		if v < 0 && s != "0" {
			s = "−" + s
		}
		unit := size + sign
		if len(size) > 1 || size != "" && !known {
			unit = size + nb + sign
		}
		return s + nb + unit
	}
}

// list joins with commas and a final and.
func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// some lists at most two items and counts the rest.
func some(items []string) string {
	const most = 2
	if n := len(items) - most; n > 0 {
		items = append(items[:most:most], whole(n)+nb+"more")
	}
	return list(items)
}

// line makes one line of a foreign string: no controls, no marks that turn the direction of what follows,
// no runs of spaces, at most limit characters.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\ufeff', r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return innocent.Replace(s)
}

// innocent parts, by a joiner without width, what in a foreign name would look like the trace of a broken
// template: render refuses those, and a deal called "+50%!" must not cost anybody their digest.
var innocent = strings.NewReplacer("%!", "%\u2060!", "NaN", "N\u2060aN", "ZgotmplZ", "Zgotmpl\u2060Z", "<no value>", "<no\u2060 value>", "<nil>", "<nil\u2060>")

func personName(name, id string) string {
	if n := line(name, 32); n != "" {
		return n
	}
	return line(id, 32)
}

func dealName(name, id string) string {
	if n := line(name, 60); n != "" {
		return n
	}
	return "Deal " + line(id, 40)
}

// sentence makes sure that a configured text ends like one.
func sentence(s string) string {
	s = line(s, 240)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// inner is a configured sentence as part of another one.
func inner(s string) string { return "“" + strings.TrimSuffix(line(s, 200), ".") + "”" }

func upper(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// date says 3 October, with the year when it is not the report's.
func (b *builder) date(d pipeline.Date) string {
	y, m, day := d.YMD()
	s := strconv.Itoa(day) + nb + m.String()
	if y != b.r.AsOf.In(b.in.Settings.Location).Year() {
		s += " " + strconv.Itoa(y)
	}
	return s
}

func (b *builder) link(id string) string {
	if b.in.DealLink == "" {
		return ""
	}
	return strings.ReplaceAll(b.in.DealLink, "{id}", strings.ReplaceAll(url.QueryEscape(id), "+", "%20"))
}

// periodWords name a window.
type periodWords struct {
	Noun  string // week
	Label string // week 45, October, or the range in short
	Range string // 2 to 8 November
}

// wordsFor names a window: by its number or month where it is a whole one, else by its dates.
func wordsFor(w pipeline.Period, span pipeline.Span, loc *time.Location) periodWords {
	first := pipeline.DateOf(w.Start, loc)
	last := pipeline.DateOf(w.End.Add(-time.Nanosecond), loc)
	p := periodWords{Noun: string(span), Range: dateRange(first, last), Label: shortRange(first, last)}
	if p.Noun == "" {
		p.Noun = string(pipeline.Week)
	}
	_, m1, d1 := first.YMD()
	_, m2, _ := last.YMD()
	_, _, next := (last + 1).YMD()
	switch {
	case p.Noun == string(pipeline.Week) && first.Weekday() == time.Monday && last-first == 6:
		y, m, d := first.YMD()
		_, week := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).ISOWeek()
		p.Label = fmt.Sprintf("week %d", week)
	case span == pipeline.Month && d1 == 1 && next == 1:
		p.Label = m1.String()
	case span == pipeline.Quarter && d1 == 1 && next == 1:
		p.Label = m1.String() + " to " + m2.String()
	}
	return p
}

func dateRange(first, last pipeline.Date) string {
	_, m1, d1 := first.YMD()
	_, m2, d2 := last.YMD()
	if m1 == m2 && last-first < 31 {
		return fmt.Sprintf("%d to %d%s%s", d1, d2, nb, m2)
	}
	return fmt.Sprintf("%d%s%s to %d%s%s", d1, nb, m1, d2, nb, m2)
}

func shortRange(first, last pipeline.Date) string {
	_, m1, d1 := first.YMD()
	_, m2, d2 := last.YMD()
	return fmt.Sprintf("%d%s%s to %d%s%s", d1, nb, m1.String()[:3], d2, nb, m2.String()[:3])
}
