package words_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/words"
)

func book(t *testing.T, files map[string]string) *words.Book {
	t.Helper()
	over := fstest.MapFS{}
	for name, src := range files {
		over[name] = &fstest.MapFile{Data: []byte(src)}
	}
	b, err := words.Load(over)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// plain shows the spaces that do not break as spaces.
func plain(s string) string { return strings.ReplaceAll(s, words.NB, " ") }

func said(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return plain(s)
	}
}

func TestMoneyIsShort(t *testing.T) {
	v := words.Default()
	for _, c := range []struct {
		amount         float64
		currency, want string
	}{
		{0, "EUR", "0 €"}, {850, "EUR", "850 €"}, {999.4, "EUR", "999 €"}, {999.6, "EUR", "1 k€"}, {1200, "EUR", "1.2 k€"}, {9960, "EUR", "10 k€"}, {1040, "EUR", "1 k€"},
		{120_000, "EUR", "120 k€"}, {999_600, "EUR", "1 M€"}, {3_400_000, "EUR", "3.4 M€"}, {7.5e9, "eur", "7.5 bn €"}, {-1500, "EUR", "−1.5 k€"}, {-0.2, "EUR", "0 €"}, {-0.5, "EUR", "0 €"},
		{120_000, "CHF", "120 k CHF"}, {12, "CHF", "12 CHF"},
	} {
		if got := plain(v.Money(c.amount, c.currency)); got != c.want {
			t.Errorf("%v %s: got %q, want %q", c.amount, c.currency, got, c.want)
		}
	}
	if got := plain(book(t, nil).For("de").Money(1_240_000, "EUR")); got != "1,2 M€" {
		t.Errorf("in German %q", got)
	}
}

func TestOneIsNoPlural(t *testing.T) {
	v, say := words.Default(), said(t)
	days := func(n int) string { return say(v.Say("days", map[string]any{"days": n})) }
	times := func(n int) string { return say(v.Say("times", map[string]any{"n": n})) }
	for _, c := range []struct{ got, want string }{
		{v.Count(0, "deal", "deals"), "0 deals"}, {v.Count(1, "deal", "deals"), "1 deal"}, {v.Count(2, "deal", "deals"), "2 deals"},
		{times(1), "once"}, {times(2), "twice"}, {times(5), "5 times"}, {days(0), "under a day"}, {days(1), "1 day"}, {days(30), "30 days"},
		{v.List([]string{"a"}), "a"}, {v.List([]string{"a", "b", "c"}), "a, b and c"}, {v.List(nil), ""},
		{v.Whole(0), "0"}, {v.Whole(34734), "34,734"}, {v.Whole(1234567), "1,234,567"}, {v.Whole(-1234), "-1,234"},
		{v.Ratio(2.26), "2.3"}, {v.Ratio(1.04), "1.04"}, {v.Ratio(0.97), "0.97"}, {v.Ratio(1), "1.00"}, {v.Span(0.62, 1.14), "0.6–1.1"}, {v.Span(1.06, 1.12), "1.06–1.12"},
		{v.Percent(1), "100 %"}, {v.Percent(0.997), "99 %"}, {v.Percent(0.001), "1 %"}, {v.Percent(0), "0 %"}, {v.Percent(0.625), "63 %"},
		{v.Short(999.4), "999"}, {v.Short(1240), "1.2k"}, {v.Short(14_200), "14k"}, {v.Signed(0.12), "+12 %"}, {v.Signed(-0.3), "−30 %"},
	} {
		if plain(c.got) != c.want {
			t.Errorf("got %q, want %q", plain(c.got), c.want)
		}
	}
}

// What rounds to nothing has no sign, whatever it is counted in.
func TestNothingIsNeverBelowNothing(t *testing.T) {
	v := words.Default()
	for _, x := range []float64{-0.004, -0.0004, -1e-15, math.Copysign(0, -1)} {
		for _, c := range []struct{ got, want string }{
			{v.Ratio(x), "0.0"}, {v.Signed(x), "0 %"}, {v.Percent(x), "0 %"}, {v.Money(x, "EUR"), "0 €"}, {v.Decimal(x, 2), "0.00"}, {v.Short(x), "0"},
		} {
			if plain(c.got) != c.want {
				t.Errorf("%v: got %q, want %q", x, plain(c.got), c.want)
			}
		}
	}
}

// A reader's numbers and dates are the reader's own, in words that the book has.
func TestNumbersAndDatesAreTheReaders(t *testing.T) {
	say := said(t)
	b := book(t, map[string]string{"words.de.txt": `{{define "months"}}Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember{{end}}
		{{define "day and month"}}{{nb (print .day ".") .month}}{{end}} {{define "of"}}{{whole .n}} von {{whole .all}}{{end}}
		{{define "and"}}und{{end}}`, "words.de-CH.txt": `{{define "and"}}u{{end}}`})
	day := pipeline.NewDate(2026, 10, 3)
	at := time.Date(2026, 10, 3, 18, 5, 0, 0, time.UTC)
	for _, c := range []struct{ locale, language, percent, of, date, clock, list string }{
		{"", "en", "71 %", "1,382 of 1,910", "3 October", "18:05", "a and b"},
		{"en-GB", "en", "71%", "1,382 of 1,910", "3 October", "18:05", "a and b"},
		{"en-US", "en", "71%", "1,382 of 1,910", "October 3", "6:05 PM", "a and b"},
		{"de", "de", "71 %", "1.382 von 1.910", "3. Oktober", "18:05", "a und b"},
		{"de-AT", "de", "71 %", "1 382 von 1 910", "3. Oktober", "18:05", "a und b"},
		{"de-CH", "de-CH", "71%", "1’382 von 1’910", "3. Oktober", "18:05", "a u b"},
		{"fr-FR", "en", "71 %", "1 382 of 1 910", "3 October", "18:05", "a and b"},
		{"ar-EG", "en", "71%", "1,382 of 1,910", "3 October", "18:05", "a and b"},
		{"no locale at all", "en", "71 %", "1,382 of 1,910", "3 October", "18:05", "a and b"},
	} {
		v := b.For(c.locale)
		got := []string{v.Language(), plain(v.Percent(0.71)), say(v.Of(1382, 1910)), say(v.Date(day, 2026)), plain(v.Clock(at, false)), v.List([]string{"a", "b"})}
		want := []string{c.language, c.percent, c.of, c.date, c.clock, c.list}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", c.locale, got, want)
		}
	}
	if got := said(t)(b.For("en-US").Date(day, 2027)); got != "October 3, 2026" {
		t.Errorf("of another year %q", got)
	}
	// Whatever way a language and a region are written, and however the one begins from the other.
	b2 := book(t, map[string]string{"words.no.txt": `{{define "and"}}og{{end}}`, "words.zh-Hant.txt": `{{define "of"}}{{.n}}/{{.all}}{{end}}`, "words.zh-HK.txt": `{{define "and"}}和{{end}}`,
		"words.en.txt": `{{define "too few, short"}}few{{end}}`})
	for locale, want := range map[string]string{"nb-NO": "a og b", "no": "a og b", "zh-HK": "a 和 b", "fr": "a and b"} {
		if got := b2.For(locale).List([]string{"a", "b"}); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
	if got := say(b2.For("zh-HK").Of(1, 2)); got != "1/2" {
		t.Errorf("zh-HK begins from zh-Hant: %q", got)
	}
	if got := say(b2.For("fr").Say("too few, short", nil)); got != "few" {
		t.Errorf("who is spoken to in English hears the company's: %q", got)
	}
	if got := b.Languages(); strings.Join(got, " ") != "en de de-CH" {
		t.Errorf("languages %q", got)
	}
}

func TestARangeNamesAMonthOnce(t *testing.T) {
	v, us, say := words.Default(), book(t, nil).For("en-US"), said(t)
	for _, c := range []struct {
		v           *words.Voice
		first, last pipeline.Date
		short       bool
		want        string
	}{
		{v, pipeline.NewDate(2026, 11, 2), pipeline.NewDate(2026, 11, 8), false, "2 to 8 November"},
		{v, pipeline.NewDate(2020, 12, 28), pipeline.NewDate(2021, 1, 3), false, "28 December to 3 January"},
		{v, pipeline.NewDate(2026, 10, 9), pipeline.NewDate(2026, 11, 8), true, "9 Oct to 8 Nov"},
		{us, pipeline.NewDate(2026, 11, 2), pipeline.NewDate(2026, 11, 8), false, "November 2 to 8"},
		{us, pipeline.NewDate(2026, 10, 28), pipeline.NewDate(2026, 11, 3), true, "Oct 28 to Nov 3"},
	} {
		if got := say(c.v.Range(c.first, c.last, c.short)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// A phrase that nobody says and a file that nobody reads are mistakes, and so is a phrase that speaks of what it is
// not given.
func TestWhatNobodyWouldEverSayIsRefused(t *testing.T) {
	for _, c := range []struct{ file, src, want string }{
		{"words.txt", "\n" + `{{define "titl"}}x{{end}}`, `words.txt:2: no digest says "titl"; did you mean title?`},
		{"words.txt", `{{define "title"}}{{if}}{{end}}`, "words.txt"},
		{"words.txt", `{{define "title"}}{{euro .n}}{{end}}`, "euro"},
		{"words.txt", `{{define "title"}}{{end}}`, `words.txt:1: "title" says nothing`},
		{"words.txt", `{{define "title"}}x{{end}}` + "\n" + `{{define "title"}}y{{end}}`, "words.txt:2: template: multiple definition"},
		{"words.fr.txt", `{{define "months"}}Janvier, Février, Mars{{end}}`, `words.fr.txt:1: "months" needs 12 names and has 1; write | between them`},
		// In branches that nobody takes in a usual week, too.
		{"words.txt", `{{define "change"}}{{if gt .points 0}}a{{else if lt .points 0}}b{{else}}of the four {{.unitz}}{{end}}{{end}}`, `phrase "change": it knows no .unitz, but .period, .periods, .points`},
		{"words.txt", `{{define "days"}}{{if lt .days 1}}x{{else}}{{count .days "Tag"}}{{end}}{{end}}`, `phrase "days": count wants 3 values each time`},
		{"words.txt", `{{define "pushed"}}{{if eq .n 99}}{{template "tims" .}}{{end}}x{{end}}`, `there is no phrase "tims" to say inside it; did you mean times?`},
		{"words.de.txt", `{{define "and"}}{{.x}}{{end}}`, `words.de.txt:1: phrase "and": it knows no .x`},
		{"words.de.txt", `{{define "and"}}und|oder{{end}}`, `words.de.txt:1: "and" needs 1 names and has 2`},
		{"words-de.txt", `{{define "title"}}x{{end}}`, "write words.de.txt"},
		{"words.txt", `Hello {{define "title"}}x{{end}}`, "outside {{define}}"},
		{"words_de.txt", `{{define "title"}}x{{end}}`, "fits no file of phrases"},
		{"words.qq99.txt", `{{define "title"}}x{{end}}`, "words.qq99.txt"},
	} {
		_, err := words.Load(fstest.MapFS{c.file: {Data: []byte(c.src)}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s %q: %v", c.file, c.src, err)
		}
	}
	v := book(t, map[string]string{"words.txt": `{{define "of"}}{{of .n .all}}{{end}}`}).For("")
	if _, err := v.Of(1, 2); err == nil || !strings.HasPrefix(err.Error(), `phrase "of" (words.txt:1): `) || !strings.Contains(err.Error(), "cannot say itself") {
		t.Errorf("a phrase that says itself: %v", err)
	}
	_, err := words.Load(fstest.MapFS{"words.txt": {Data: []byte(`{{define "a b"}}x{{end}}{{define "c d"}}x{{end}}`)}, "words-x.txt": {Data: []byte(`{{define "title"}}{{if}}{{end}}`)}})
	if list := (fault.List)(nil); !errors.As(err, &list) || len(list) != 3 {
		t.Errorf("not all faults at once: %v", err)
	}
	_, err = words.Load(fstest.MapFS{"words.txt": {Data: []byte(`{{define "title"}}x{{end}}`)}, "words-x.txt": {Data: []byte(`{{define "title"}}y{{end}}`)}})
	if err == nil || !strings.Contains(err.Error(), "words-x.txt does already") {
		t.Errorf("two files of one phrase: %v", err)
	}
	if _, err := v.Say("nothing of the kind", nil); err == nil {
		t.Error("a phrase that is not there")
	}
}

// A company's few phrases leave all others as they are.
func TestACompanysWordsLieOverOurs(t *testing.T) {
	say := said(t)
	v := book(t, map[string]string{"words-deals.txt": `{{define "pushed"}}moved
		the date {{template "times" .}}{{end}}`}).For("")
	if got := say(v.Say("pushed", map[string]any{"n": 2})); got != "moved the date twice" {
		t.Errorf("got %q", got)
	}
	if got := say(v.Say("overdue", map[string]any{"date": "3 October"})); got != "close date 3 October has passed" {
		t.Errorf("got %q", got)
	}
}
