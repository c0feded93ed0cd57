package words

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// NB keeps a number and its unit on one line.
const NB = "\u00a0"

// Voice says phrases to one kind of reader. It may be used by many goroutines.
type Voice struct {
	t        *template.Template
	plain    *template.Template // the same phrases for functions that say one: there nothing says "of" by function
	locale   string
	language string // of the phrases
	numbers  *message.Printer
	house    bool // no locale: our own way to write a percentage
	american bool // the month before the day, and twelve hours

	months, shortMonths, weekdays []string
	and                           string

	listen func(phrase string) // a test's; nil: nobody
}

func newVoice(t *template.Template, locale string, tag language.Tag, spoken string) (*Voice, error) {
	numbers := message.NewPrinter(tag)
	if base, _ := tag.Base(); base.String() != strings.Split(spoken, "-")[0] && strings.Trim(numbers.Sprint(number.Percent(0.01)), "1% \u00a0\u202f") != "" {
		numbers = message.NewPrinter(language.Make(spoken)) // digits of another script in the middle of a sentence are a puzzle
	}
	v := &Voice{t: t, locale: locale, language: spoken, numbers: numbers, house: locale == "", american: monthFirst(tag)}
	t.Funcs(v.funcs())
	var err error
	if v.plain, err = t.Clone(); err != nil {
		return nil, err
	}
	v.plain.Funcs(template.FuncMap{"of": func(int, int) (string, error) { return "", errors.New(`the phrase "of" cannot say itself`) }})
	for name, to := range map[string]*[]string{"months": &v.months, "months.short": &v.shortMonths, "weekdays": &v.weekdays} {
		s, err := v.Say(name, nil)
		if err != nil {
			return nil, err
		}
		*to = strings.Split(s, "|")
	}
	v.and, err = v.Say("and", nil)
	return v, err
}

// monthFirst says whether the reader writes the month before the day, and has a clock of twelve hours: English of the
// United States and the islands that follow them.
func monthFirst(tag language.Tag) bool {
	base, _ := tag.Base()
	region, sure := tag.Region()
	return base.String() == english && sure == language.Exact && slices.Contains([]string{"US", "PR", "GU", "PH"}, region.String())
}

// Locale is the one that the voice is for; empty: none is known.
func (v *Voice) Locale() string { return v.locale }

// Language of the phrases, as a BCP 47 tag.
func (v *Voice) Language() string { return v.language }

var blanks = regexp.MustCompile(`[ \t\r\n]+`)

// Say says a phrase; its data are what it may speak of. A phrase may be broken into lines anywhere. The error names
// the phrase: it is not known, or speaks of what it was not given.
func (v *Voice) Say(name string, data any) (string, error) { return v.say(v.t, name, data) }

func (v *Voice) say(in *template.Template, name string, data any) (string, error) {
	t := in.Lookup(name)
	if t == nil {
		return "", fmt.Errorf("there is no phrase %q", name)
	}
	b := Bound{Most: longestPhrase}
	if err := t.Execute(&b, data); err != nil {
		return "", phraseError(name, data, err)
	}
	if v.listen != nil {
		v.listen(name)
	}
	s := strings.Trim(b.String(), " \t\r\n")
	if strings.ContainsAny(s, "\t\r\n") || strings.Contains(s, "  ") { // seldom, and a regexp takes its time
		s = blanks.ReplaceAllString(s, " ")
	}
	return s, nil
}

// PhraseError says why a phrase could not be said, and where it stands in its file.
type PhraseError struct {
	Phrase, File string
	Line         int
	What         string
}

func (e *PhraseError) Error() string {
	return fmt.Sprintf("phrase %q (%s:%d): %s", e.Phrase, e.File, e.Line, e.What)
}

var (
	executing = regexp.MustCompile(`^template: ([^:]*):(\d+):\d+: executing "[^"]*" at <[^>]*>: (.*)`)
	noEntry   = regexp.MustCompile(`no entry for key "([^"]*)"|can't evaluate field (\S+) `)
)

// phraseError puts text/template's words into ours: who writes phrases need not know Go.
func phraseError(name string, data any, err error) error {
	if inside := (*PhraseError)(nil); errors.As(err, &inside) {
		return inside
	}
	m := executing.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("phrase %q: %w", name, err)
	}
	e := &PhraseError{Phrase: name, File: m[1], What: m[3]}
	e.Line, _ = strconv.Atoi(m[2]) // digits
	if key := noEntry.FindStringSubmatch(m[3]); key != nil {
		known, _ := data.(map[string]any) // else it knows nothing that could be named
		e.What = unknown(key[1]+key[2], slices.Sorted(maps.Keys(known)))
	}
	return e
}

// funcs are what phrases may call.
func (v *Voice) funcs() template.FuncMap {
	return template.FuncMap{"whole": v.Whole, "of": v.Of, "count": v.Count, "noun": Noun, "percent": v.Percent, "hundredths": v.hundredths, "points": Points, "signed": v.Signed,
		"ratio": v.Ratio, "span": v.Span, "list": v.List, "upper": Upper, "nb": func(parts ...any) string {
			var out []string
			for _, p := range parts {
				out = append(out, fmt.Sprint(p))
			}
			return strings.Join(out, NB)
		}, "abs": func(n int) int { return max(n, -n) }}
}

// Whole writes 34,734 as the reader does.
func (v *Voice) Whole(n int) string { return v.numbers.Sprint(number.Decimal(n)) }

// Of says 1,382 of 1,910.
func (v *Voice) Of(n, all int) (string, error) {
	return v.say(v.plain, "of", map[string]any{"n": n, "all": all})
}

// Count says "1 deal" or "3 deals"; the forms carry their own following words.
func (v *Voice) Count(n int, one, many string) string { return v.Whole(n) + NB + Noun(n, one, many) }

// Noun gives the form for a number.
func Noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Percent rounds a fraction to whole hundredths, but says 100 % only of all and 0 % only of none.
func (v *Voice) Percent(rate float64) string {
	const whisker = 1e-9
	p := Points(rate)
	switch {
	case p == 100 && rate < 1-whisker:
		p = 99
	case p == 0 && rate > whisker:
		p = 1
	}
	return v.hundredths(p)
}

func (v *Voice) hundredths(p int) string {
	if v.house {
		return v.Whole(p) + NB + "%"
	}
	return v.numbers.Sprint(number.Percent(float64(p)/100, number.MaxFractionDigits(0)))
}

// Points rounds a fraction to whole hundredths, half away from zero.
func Points(rate float64) int { return int(math.Round(rate * 100)) }

// Signed says +12 %, −12 % or 0 %.
func (v *Voice) Signed(rate float64) string {
	switch p := Points(rate); {
	case p > 0:
		return "+" + v.hundredths(p)
	case p < 0:
		return "−" + v.hundredths(-p)
	}
	return v.hundredths(0)
}

// Decimal writes a number with so many digits behind the point, never a zero below nothing.
func (v *Voice) Decimal(x float64, digits int) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64)
	if err != nil || rounded == 0 {
		rounded = 0 // no -0
	}
	return v.numbers.Sprint(number.Decimal(rounded, number.Scale(digits)))
}

// Span says 0.6–1.1, with a digit more where both would look the same.
func (v *Voice) Span(low, high float64) string {
	from, to := v.Ratio(low), v.Ratio(high)
	if from == to {
		from, to = v.Decimal(low, 2), v.Decimal(high, 2)
	}
	return from + "–" + to
}

// Ratio says 2.3, and 1.04 where one decimal would hide on which side of 1 it lies.
func (v *Voice) Ratio(x float64) string {
	if strconv.FormatFloat(x, 'f', 1, 64) == "1.0" {
		return v.Decimal(x, 2)
	}
	return v.Decimal(x, 1)
}

var symbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

// Money writes amounts short: 850 €, 1.2 k€, 120 k€, 3 M€; a currency without a symbol as 120 k CHF.
func (v *Voice) Money(amount float64, currency string) string {
	sign, known := symbols[strings.ToUpper(currency)]
	sign = cmp.Or(sign, currency)
	size, abs := "", math.Abs(amount)
	for _, step := range []string{"k", "M", "bn", "tn"} {
		if abs < 999.5 {
			break
		}
		abs, size = abs/1000, step
	}
	digits := 0
	if size != "" && abs < 9.95 && !strings.HasSuffix(strconv.FormatFloat(abs, 'f', 1, 64), ".0") {
		digits = 1
	}
	s := v.Decimal(abs, digits)
	if amount < 0 && strconv.FormatFloat(abs, 'f', digits, 64) != "0" {
		s = "−" + s
	}
	unit := size + sign
	if len(size) > 1 || size != "" && !known {
		unit = size + NB + sign
	}
	return s + NB + unit
}

// Short writes a count in what fits over a column: 999, 1.2k, 14k.
func (v *Voice) Short(x float64) string {
	switch {
	case x < 999.5:
		return v.Whole(int(math.Round(x)))
	case x < 9950:
		return v.Decimal(x/1000, 1) + "k"
	}
	return v.Whole(int(math.Round(x/1000))) + "k"
}

// List joins with commas and a final and.
func (v *Voice) List(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " " + v.and + " " + items[len(items)-1]
}

// Upper makes the first letter a capital.
func Upper(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
