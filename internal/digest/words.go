package digest

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/words"
)

// nb keeps a number and its unit on one line. Subjects and text parts write it as a plain space.
const nb = words.NB

func plain(s string) string { return strings.ReplaceAll(s, nb, " ") }

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

func (s *speaker) dealName(name, id string) string {
	if n := line(name, 60); n != "" {
		return n
	}
	return s.say("deal without a name", "id", line(id, 40))
}

// sentence makes sure that a configured text ends like one.
func sentence(s string) string {
	s = line(s, 240)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

func upper(s string) string { return words.Upper(s) }

// date says 3 October, with the year when it is not the report's.
func (b *builder) date(d pipeline.Date) string {
	return b.said(b.Date(d, b.r.AsOf.In(b.in.Settings.Location).Year()))
}

func (b *builder) money(amount float64) string { return b.Money(amount, line(b.r.Currency, 8)) }

func (b *builder) link(id string) string {
	if b.in.DealLink == "" {
		return ""
	}
	return strings.ReplaceAll(b.in.DealLink, "{id}", strings.ReplaceAll(url.QueryEscape(id), "+", "%20"))
}

// periodWords name a window.
type periodWords struct {
	Noun, Nouns string // week, weeks
	Label       string // week 45, October, or the range in short
	Whole       bool   // it is no range: the window is a whole week, month or quarter
	Range       string // 2 to 8 November
}

// window names a window: by its number or month where it is a whole one, else by its dates.
func (s *speaker) window(w pipeline.Period, span pipeline.Span, loc *time.Location) periodWords {
	if span == "" {
		span = pipeline.Week
	}
	first := pipeline.DateOf(w.Start, loc)
	last := pipeline.DateOf(w.End.Add(-time.Nanosecond), loc)
	p := periodWords{Noun: s.say("unit", "span", string(span)), Nouns: s.say("units", "span", string(span)),
		Range: s.said(s.Range(first, last, false)), Whole: true}
	y, m1, d1 := first.YMD()
	_, m2, _ := last.YMD()
	_, _, next := (last + 1).YMD()
	switch {
	case span == pipeline.Week && first.Weekday() == time.Monday && last-first == 6:
		_, week := time.Date(y, m1, d1, 0, 0, 0, 0, time.UTC).ISOWeek()
		p.Label = s.say("week number", "n", week)
	case span == pipeline.Month && d1 == 1 && next == 1:
		p.Label = s.Month(m1)
	case span == pipeline.Quarter && d1 == 1 && next == 1:
		p.Label = s.say("month to month", "from", s.Month(m1), "to", s.Month(m2))
	default:
		p.Label, p.Whole = s.said(s.Range(first, last, true)), false
	}
	return p
}
