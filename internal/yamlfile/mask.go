package yamlfile

import (
	"slices"
	"strconv"
	"strings"
)

// What the environment holds is put in for ${NAME}, and may be a secret wherever that stands: no fault repeats it.

// mask is a value of the environment and how the file names it.
type mask struct {
	at             place
	value, written string
}

func (f *File) mask(at place, value, written string) {
	if m := (mask{at, value, written}); value != "" && !slices.Contains(f.masks, m) {
		f.masks = append(f.masks, m)
	}
}

// Short values are found in every sentence: they are taken out where they are quoted only, and longer ones at their
// own place only.
const (
	atItsPlace = 4 // bytes at least
	anywhere   = 6
)

// masked takes the environment's values out of what is said about a place.
func (f *File) masked(p place, said string) string {
	for _, m := range slices.Backward(f.masks) { // the whole value came after its parts
		if m.at == p {
			said = strings.ReplaceAll(said, strconv.Quote(m.value), strconv.Quote(m.written))
		}
		if len(m.value) >= anywhere || m.at == p && len(m.value) >= atItsPlace {
			said = strings.ReplaceAll(said, strings.Trim(strconv.Quote(m.value), `"`), m.written)
			said = strings.ReplaceAll(said, m.value, m.written)
		}
	}
	return said
}
