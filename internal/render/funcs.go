package render

import (
	htmltemplate "html/template"
	"strconv"
	"strings"
	texttemplate "text/template"
	"unicode"

	"golang.org/x/text/width"

	"drumbeat/internal/digest"
	"drumbeat/internal/words"
)

// html/template drops comments, and Outlook's Word engine reads its instructions from comments.
var msoParts = map[string]htmltemplate.HTML{
	"head":   `<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->`,
	"open":   `<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`,
	"close":  `<!--[if mso]></td></tr></table><![endif]-->`,
	"left":   `<!--[if mso]><table role="presentation" width="536" cellpadding="0" cellspacing="0" border="0"><tr><td width="296" valign="top"><![endif]-->`,
	"right":  `<!--[if mso]></td><td width="240" valign="top"><![endif]-->`,
	"end":    `<!--[if mso]></td></tr></table><![endif]-->`,
	"filler": htmltemplate.HTML(strings.Repeat("&#8199;&#847; ", 40)), // keeps the page's first words out of the preview line
}

func htmlFuncs(v *words.Voice) htmltemplate.FuncMap {
	return htmltemplate.FuncMap{"mso": func(name string) htmltemplate.HTML { return msoParts[name] }, "say": sayIn(v)}
}

// sayIn is how a template says a phrase, with what the phrase may speak of.
func sayIn(v *words.Voice) func(phrase string, data ...any) (string, error) {
	return func(phrase string, data ...any) (string, error) {
		if len(data) == 0 {
			data = append(data, nil)
		}
		return v.Say(phrase, data[0])
	}
}

func textFuncs(v *words.Voice) texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"say":  sayIn(v),
		"fill": fill, "head": head, "join": func(parts ...string) string { return strings.Join(parts, "") },
		"opt":      func(before, s string) string { return around(before, s, "") },
		"opt2":     func(s, after string) string { return around("", s, after) },
		"rank":     func(n int) string { return map[bool]string{true: strconv.Itoa(n) + ". ", false: "-  "}[n > 0] },
		"columns":  columns,
		"lenses":   lenses,
		"mentions": mentions,
		"shell":    func(mark, command string) string { return strings.ReplaceAll(fill(mark, command), "\n", " \\\n") }, // can be pasted
		"table":    func(t digest.TeamTable) (string, error) { return table(sayIn(v), t) },
	}
}

// lineWidth of the text part: a reply quoted twice still fits into 80.
const lineWidth = 76

func around(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// head underlines a heading.
func head(s string) string { return s + "\n" + strings.Repeat("-", cells(s)) }

// fill breaks s into lines of at most 76 cells; the first begins with mark, the others with as many spaces.
// Spaces that hold a number and its unit together are not broken at.
func fill(mark, s string) string {
	indent := strings.Repeat(" ", cells(mark))
	var lines []string
	now := mark
	for i, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' }) {
		switch {
		case i == 0:
			now += word
		case cells(now)+1+cells(word) > lineWidth:
			lines = append(lines, now)
			now = indent + word
		default:
			now += " " + word
		}
	}
	return strings.Join(append(lines, now), "\n")
}

// cells is how wide a terminal shows s: East Asian characters and emoji take two, combining marks none.
func cells(s string) (n int) {
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func columns(c *digest.Columns) string {
	var out []string
	for _, col := range c.Cols {
		out = append(out, col.Text)
	}
	return strings.Join(out, " ")
}

// lenses marks the alarms, since a text has no bold.
func lenses(ls []digest.Lens) string {
	var out []string
	for _, l := range ls {
		text := l.Text + around(" ", l.Quote, "")
		if l.Alarm {
			text = "!\u00a0" + text
		}
		out = append(out, text)
	}
	return strings.Join(out, " · ")
}

func mentions(ms []digest.Mention) string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Deal.Name+around(", ", m.Text, ""))
	}
	return strings.Join(out, "; ")
}

// The column of names in the text part, in cells.
const widestName, narrowestName = 14, 8

// table writes the team in aligned columns.
func table(say func(phrase string, data ...any) (string, error), t digest.TeamTable) (string, error) {
	var heads []string
	for _, c := range []struct {
		phrase string
		there  bool
	}{{"column rep", true}, {"column adherence", true}, {"column range", true}, {"column stalled", true}, {"column pace", t.Pace}, {"column bias", t.Forecast}} {
		if !c.there {
			continue
		}
		head, err := say(c.phrase)
		if err != nil {
			return "", err
		}
		heads = append(heads, head)
	}
	few, err := say("too few, short")
	if err != nil {
		return "", err
	}
	rows := [][]string{heads}
	for _, r := range t.Rows {
		row := []string{cutCells(r.Rep.Name, widestName), r.Adherence, r.Interval, r.Stalled}
		if r.Interval != "" && r.Bar+r.Rest == 0 {
			row[2] = few
		}
		if t.Pace {
			row = append(row, r.Pace+around(" (", r.PaceRange, ")"))
		}
		if t.Forecast {
			row = append(row, r.Bias)
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], cells(c))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	widths[0] = max(narrowestName, min(widths[0], widths[0]+lineWidth-total)) // names give way first
	var b strings.Builder
	for _, row := range rows {
		row[0] = cutCells(row[0], widths[0])
		for i, c := range row {
			b.WriteString(c + strings.Repeat(" ", widths[i]-cells(c)+2))
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// cutCells shortens s to n cells.
func cutCells(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	out := ""
	for _, r := range s {
		if cells(out)+cells(string(r)) > n-1 {
			break
		}
		out += string(r)
	}
	return out + "…"
}
