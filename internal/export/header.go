package export

import (
	"regexp"
	"strings"
	"unicode"
)

// normal is a header without what differs between two exports of the same column: case, blanks, punctuation.
func normal(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, header)
}

// sameText compares stages, names and the like: without case, outer and doubled blanks.
func sameText(s string) string { return strings.ToLower(clean(s)) }

// clean makes one blank of every stretch of blanks, those that look like blanks included, and cuts the outer ones.
func clean(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c < ' ' || c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return strings.Join(strings.Fields(s), " ")
		}
	}
	return s // as most values are
}

// trim cuts outer blanks, those that look like blanks and marks without width included.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF' })
}

// forms gives what a header may be matched by: as it is, and without a prefix that the preset knows.
func (m *mapping) forms(header string) []string {
	out := []string{normal(header)}
	for _, prefix := range m.prefixes {
		if rest, cut := cutFold(trim(header), prefix); cut && normal(rest) != "" {
			out = append(out, normal(rest))
		}
	}
	return out
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// find gives the place in a header, by the forms of its parts, of the first of the names that it has; -1 for none.
func find(header [][]string, names []string) int {
	for _, name := range names {
		name = normal(name)
		for form := range 2 { // a name as it stands comes before one without its prefix
			for i, forms := range header {
				if form < len(forms) && forms[form] == name && name != "" {
					return i
				}
			}
		}
	}
	return -1
}

// pattern makes a regular expression of a text with {stage} and {pipeline} in it. The longest stage wins: of
// "Contract (signed) (Sales)" the pipeline is the last part.
func pattern(text string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(trim(text))
	quoted = strings.Replace(quoted, `\{stage\}`, `(?P<stage>.+)`, 1)
	quoted = strings.Replace(quoted, `\{pipeline\}`, `(?P<pipeline>[^()]+(?:\([^()]*\)[^()]*)*)`, 1)
	return regexp.MustCompile(`(?i)^` + quoted + `$`)
}

// match gives the stage and the pipeline that a text names in the form of a pattern.
func match(form *regexp.Regexp, text string) (stage, pipeline string, ok bool) {
	found := form.FindStringSubmatch(trim(text))
	if found == nil {
		return "", "", false
	}
	for i, name := range form.SubexpNames() {
		switch name {
		case "stage":
			stage = trim(found[i])
		case "pipeline":
			pipeline = trim(found[i])
		}
	}
	return stage, pipeline, true
}
