package worker

import (
	"fmt"
	"regexp"
	"strings"
)

// failures counts what went wrong by kind, so that a thousand refusals are one line.
type failures []failure

type failure struct {
	what, code string
	words      string // the first one's
	n          int
}

func (f *failures) add(what, words string) {
	c := code(words)
	for i := range *f {
		if (*f)[i].what == what && (*f)[i].code == c {
			(*f)[i].n++
			return
		}
	}
	*f = append(*f, failure{what: what, code: c, words: words, n: 1})
}

func (f failures) lines() []string {
	var out []string
	for _, k := range f {
		line := fmt.Sprintf("%d digests %s", k.n, k.what)
		if k.n == 1 {
			line = "1 digest " + k.what
		}
		if k.words != "" {
			line += ": " + withoutAddresses(k.words)
		}
		out = append(out, line)
	}
	return out
}

var (
	replyCode = regexp.MustCompile(`\b[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?\b`)
	address   = regexp.MustCompile(`[^\s<>()",;:]+@[^\s<>()",;:]+`)
)

// code is what tells kinds of failure apart: a server's reply code, else the words themselves.
func code(words string) string {
	if c := replyCode.FindString(words); c != "" {
		return c
	}
	return withoutAddresses(words)
}

// withoutAddresses makes a line of what a server said that may stand in a log.
func withoutAddresses(words string) string {
	return address.ReplaceAllString(strings.Join(strings.Fields(words), " "), "[address]")
}
