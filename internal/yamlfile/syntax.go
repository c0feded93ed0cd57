package yamlfile

import (
	"errors"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// What is wrong with the YAML itself. The library's own text quotes the source, secrets included, and its place is
// where it gave up: a part that it cannot read is looked through for what people do first.

// value of a line: a key or a dash before it, then what is looked at.
var (
	lineValue  = regexp.MustCompile(`^((?: *- +)* *(?:[\w.-]+|"[^"]*"|'[^']*'): +|(?: *- +)+)(\S.*)$`)
	noBlank    = regexp.MustCompile(`^(?: *- +)* *[a-z_]+:[^\s/]`)
	doubly     = regexp.MustCompile(`^"(?:[^"\\]|\\.)*"`)
	singly     = regexp.MustCompile(`^'(?:[^']|'')*'`)
	nothing    = regexp.MustCompile(`^\s*(?:#.*)?$`)
	aliasOnly  = regexp.MustCompile(`^\*[\w-]+\s*(?:#.*)?$`)
	inFlow     = regexp.MustCompile(`[:\[,]\s*\$\{`)
	secondPair = regexp.MustCompile(`^[^"'{\[|>#][^#]*?:(?:\s|$)`)
)

const quoteIt = "quote the value"

// suspects looks through the lines [from, to) and records what people do wrong there; false: nothing was found.
func (f *File) suspects(from, to int) bool {
	before := len(f.faults)
	tabs := false
	for i := from; i < to; i++ {
		line := f.lines[i]
		if at := strings.IndexByte(line, '\t'); at >= 0 && strings.TrimLeft(line[:at], " ") == "" && strings.TrimSpace(line) != "" {
			if !tabs {
				f.add(place{i + 1, at + 1}, "", "a tab", "indent with spaces")
			}
			tabs = true
			continue
		}
		if m := lineValue.FindStringSubmatch(line); m != nil {
			if what, hint := odd(m[2]); what != "" {
				f.add(place{i + 1, len(m[1]) + 1}, "", what, hint)
			}
		} else if noBlank.MatchString(line) {
			f.add(place{i + 1, len(line) - len(strings.TrimLeft(line, " ")) + 1}, "", "no blank stands after the colon", "write key: value")
		}
	}
	return len(f.faults) > before
}

// odd says what is wrong with a value that begins in a line of a part that cannot be read, and what to do; empty: nothing.
func odd(v string) (what, hint string) {
	closed := func(quoted string) bool { return quoted != "" }
	rest := func(quoted string) bool { return !nothing.MatchString(v[len(quoted):]) }
	switch v[0] {
	case '"':
		switch q := doubly.FindString(v); {
		case !closed(q):
			return "a quote that is not closed in its line", `close it; for a quote inside write \"`
		case rest(q):
			return "text after the closing quote", `for a quote inside write \", or quote the value in '…'`
		case strings.Contains(q, `\`):
			return `a backslash that YAML does not know`, `write \\ for one, or quote the value in '…'`
		}
	case '\'':
		switch q := singly.FindString(v); {
		case !closed(q):
			return "a quote that is not closed in its line", "close it; for an apostrophe inside write ''"
		case rest(q):
			return "text after the closing quote", `for an apostrophe inside write '', or quote the value in "…"`
		}
	case '*':
		if !aliasOnly.MatchString(v) {
			return "a value that begins with *", quoteIt
		}
	case '@', '`', '%':
		return "a value that begins with " + v[:1], quoteIt
	case '{', '[':
		if inFlow.MatchString(v) {
			return "${…} in a mapping or list of one line", `quote it: "${NAME}"`
		}
		if strings.Count(v, "'")%2 == 1 {
			return "an odd number of quotes", `for an apostrophe inside '…' write '', or quote the value in "…"`
		}
	default:
		if secondPair.MatchString(v) {
			return "a second colon in one line", "quote a value that holds a colon, or begin a new line"
		}
	}
	return "", ""
}

// plainly are the library's messages in words that help.
var plainly = []struct{ part, what, hint string }{
	{"tab", "a tab", "indent with spaces"},
	{"']'", "a list that is not closed, or lacks a comma", "close the bracket, and quote values with special characters"},
	{"'}'", "a mapping in one line that is not closed, or lacks a comma", "close the bracket, and quote values with special characters"},
	{"could not find flow", "a mapping or list in one line that breaks off", "close the bracket, and quote values with special characters"},
	{"end character", "a quote that is not closed", "close it"},
	{"escape character", "a backslash that YAML does not know", `write \\ for one, or quote the value in '…'`},
	{"reserved character", "a value that begins with @ or `", quoteIt},
	{"mapping value is not allowed", "a second colon in one line", "quote a value that holds a colon, or begin a new line"},
	{"sequence", "an item of a list where none is expected", "check the indentation of the dash"},
	{"anchor", "an anchor (&) where none is expected", "quote the value if the & is meant"},
	{"alias", "an alias (*) where none is expected", "quote the value if the star is meant"},
	{"tag", "a tag (!) where none is expected", "quote the value if the ! is meant"},
	{"key", "a line that does not fit those around it", "check its indentation, and that it reads key: value"},
	{"value", "a line that does not fit those around it", "check its indentation, and that it reads key: value"},
}

// syntax records a fault of the YAML itself where the library gave up.
func (f *File) syntax(err error) {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		f.add(place{}, "", "this is no YAML that can be read", "check the indentation, and quote text with special characters")
		return
	}
	said := strings.ReplaceAll(strings.ReplaceAll(at.GetMessage(), `\t`, "tab"), "\t", "tab")
	for _, p := range plainly {
		if strings.Contains(said, p.part) {
			f.add(f.atToken(at.GetToken()), "", p.what, p.hint)
			return
		}
	}
	f.add(f.atToken(at.GetToken()), "", "this is no YAML that can be read", "check the indentation, and quote text with special characters")
}

// commented says whether nothing but a comment stands after a key.
func (f *File) commented(p place, key string) bool {
	if p.line < 1 || p.line > len(f.lines) {
		return false
	}
	_, after, _ := strings.Cut(f.lines[p.line-1], key+":")
	return strings.HasPrefix(strings.TrimSpace(after), "#")
}
