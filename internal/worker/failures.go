package worker

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Failures counts digests that did not arrive by kind, so that a thousand refusals are one line.
type Failures []Failure

// Failure is one kind.
type Failure struct {
	What  string // happened
	Words string // the first one's, on one line and without addresses; may be empty
	N     int    // digests

	code string
}

// String is the line for it.
func (f Failure) String() string {
	line := fmt.Sprintf("%d digests %s", f.N, f.What)
	if f.N == 1 {
		line = "1 digest " + f.What
	}
	if f.Words != "" {
		line += ": " + f.Words
	}
	return line
}

// forLog is the line without the words, which may name a person: a server's code tells enough.
func (f Failure) forLog() string {
	f.Words = replyCode.FindString(f.Words)
	return f.String()
}

func (f *Failures) add(what, words string) {
	f.Merge(Failures{{What: what, Words: withoutAddresses(words), N: 1, code: code(words)}})
}

// Merge adds those of another run.
func (f *Failures) Merge(others Failures) {
	for _, o := range others {
		i := slices.IndexFunc(*f, func(have Failure) bool { return have.What == o.What && have.code == o.code })
		if i < 0 {
			*f = append(*f, o)
			continue
		}
		(*f)[i].N += o.N
	}
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

// withoutAddresses makes a line of what a server said that may stand in a log. Where a login was taken out of a URL, the
// host behind it is no address: who mends it needs to know which server it was.
func withoutAddresses(words string) string {
	words = strings.ReplaceAll(strings.Join(strings.Fields(words), " "), "[redacted]@", "[redacted] at ")
	return address.ReplaceAllString(words, "[address]")
}
