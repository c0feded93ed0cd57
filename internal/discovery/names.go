package discovery

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"drumbeat/internal/yamlfile"
)

// number is what people put before a stage's name to keep lists in order: "2 - ", "02.", "(3)", "Stage 4:". A number that only
// a space follows belongs to the name: 30 day trial.
var number = regexp.MustCompile(`^(?:(?:stage|step|phase)\s*)?(?:\d{1,2}\s*[-–—.:)_]|[(\[]\d{1,2}[)\]])\s*`)

// bare gives what is left of a normal name without a number before it and without marks: names that differ in these only
// are one stage. It is the name itself where nothing would be left.
func bare(normal string) string {
	b := strings.Join(strings.FieldsFunc(number.ReplaceAllString(normal, ""), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}), " ")
	if b == "" {
		return normal
	}
	return b
}

// numberOf gives the number before a name, false where it has none.
func numberOf(normal string) (n int, ok bool) {
	digits := strings.TrimLeftFunc(number.FindString(normal), func(r rune) bool { return !unicode.IsDigit(r) })
	_, err := fmt.Sscanf(digits, "%d", &n)
	return n, err == nil
}

// spelling is how a name is written most often.
func (n *nameTally) spelling() string {
	best := ""
	for s, count := range n.spellings {
		if best == "" || count > n.spellings[best] || count == n.spellings[best] && s < best {
			best = s
		}
	}
	return best
}

// code is a name as programs write it: A_SUBMITTED.
var codeName = regexp.MustCompile(`^[A-Z0-9]+(?:_[A-Z0-9]+)+$`)

// humane makes names that programs gave readable, where all of them are such: the prefix that all share goes, and
// A_FINALIZED becomes Finalized. Other names stay as they are, but for a number before them.
func humane(names []string) []string {
	out := make([]string, len(names))
	codes := len(names) > 1 && !slices.ContainsFunc(names, func(n string) bool { return !codeName.MatchString(n) })
	prefix, _, _ := strings.Cut(names[0], "_")
	shared := codes && !slices.ContainsFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix+"_") })
	for i, n := range names {
		if shared {
			n = strings.TrimPrefix(n, prefix+"_")
		}
		if codes {
			n = strings.ToLower(strings.ReplaceAll(n, "_", " "))
			n = strings.ToUpper(n[:1]) + n[1:]
		} else if at := number.FindStringIndex(strings.ToLower(n)); at != nil && at[1] < len(n) && len(strings.ToLower(n)) == len(n) {
			n = n[at[1]:]
		}
		if out[i] = oneLine(n); out[i] == "" {
			out[i] = fmt.Sprint("Stage ", i+1)
		}
	}
	return out
}

// oneLine makes a name fit to be read: without breaks, doubled spaces and what cannot be seen.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)), " ")
}

// keyOf makes a key for process.yaml, unlike those that are taken, and takes it.
func keyOf(name, otherwise string, taken map[string]bool) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r): // the accent of a decomposed letter
			return -1
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFD.String(name))
	key := cmp.Or(strings.Join(strings.Fields(plain), "_"), otherwise)
	for n, stem := 2, key; taken[key]; n++ {
		key = fmt.Sprintf("%s_%d", stem, n)
	}
	taken[key] = true
	return key
}

// alike says whether one name is likely a misspelling of another: without case, numbers and marks, at most one letter in
// five is wrong. Another number inside is another name: round 1, round 2.
func alike(a, b string) bool {
	a, b = bare(a), bare(b)
	if a == b {
		return true
	}
	if digitsOf(a) != digitsOf(b) {
		return false
	}
	shorter := min(len(a), len(b))
	return shorter >= 4 && yamlfile.Distance(a, b) <= max(1, shorter/5)
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// Words by which a stage says itself that it closes deals.
var (
	saysWon  = regexp.MustCompile(`^(?:closed ?won|won|deal won|gewonnen|gagnée?|ganad[ao]|ganho|vint[ao])$`)
	saysLost = regexp.MustCompile(`^(?:closed ?lost|lost|deal lost|verloren|perdue?|perdid[ao]|pers[ao])$`)
)

// usualWords are stems of stage names in the order in which sales usually go; only where nothing else shows an order.
var usualWords = []string{"new", "lead", "prospect", "contact", "engag", "qualif", "appointment", "discover", "need", "analys", "meeting", "present",
	"demo", "evaluat", "solution", "trial", "pilot", "proposal", "propos", "quot", "offer", "decision", "review", "negotiat", "contract", "commit", "verbal"}

// usualPlace gives where a name usually stands, false for one of no usual words.
func usualPlace(normal string) (int, bool) {
	at := slices.IndexFunc(usualWords, func(w string) bool { return strings.Contains(normal, w) })
	return at, at >= 0
}
