package words

import (
	"fmt"
	"strings"
)

// Bound is what a template may write: at most so many bytes. One that would never end, by a mistake, then fails there,
// and the worker goes on with everybody else's.
type Bound struct {
	strings.Builder
	Most int
}

// Write implements io.Writer; beyond Most bytes it fails, which ends the template.
func (b *Bound) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.Most {
		return 0, fmt.Errorf("it writes more than %d bytes; look for a range or a template that does not end", b.Most)
	}
	return b.Builder.Write(p)
}

// WriteString is Write.
func (b *Bound) WriteString(s string) (int, error) { return b.Write([]byte(s)) }

// longestPhrase is in bytes. A whole mail is shorter.
const longestPhrase = 64_000
