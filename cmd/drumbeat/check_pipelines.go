package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drumbeat/internal/discovery"
	"drumbeat/internal/process"
	"drumbeat/internal/yamlfile"
)

// seenNames counts what names were seen, as they compare: trimmed and lower-cased. The empty one counts what has none.
type seenNames map[string]*seenName

type seenName struct {
	name string // as first seen
	n    int
}

func (t seenNames) saw(name string) {
	normal := process.Normal(name)
	if t[normal] == nil {
		t[normal] = &seenName{name: strings.TrimSpace(name)}
	}
	t[normal].n++
}

// most lists what was seen, the most frequent first.
func (t seenNames) most() []*seenName {
	return slices.SortedFunc(maps.Values(t), func(a, b *seenName) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
}

// nearest gives the name seen that is written most alike, false where none is by half.
func (t seenNames) nearest(name string) (near string, ok bool) {
	normal := process.Normal(name)
	best := len(normal)/2 + 1
	for _, c := range t.most() {
		if d := yamlfile.Distance(normal, process.Normal(c.name)); c.name != "" && d < best {
			near, ok, best = c.name, true, d
		}
	}
	return near, ok
}

// mostListed is how many names a line lists.
const mostListed = 10

// lacking complains of pipelines of the process in which no deal is: figures of no deal are all empty, and nothing else
// says why.
func (t seenNames) lacking(b *strings.Builder, p *process.Process) {
	var none []string
	for _, name := range p.Pipelines {
		if t[process.Normal(name)] == nil {
			none = append(none, name)
		}
	}
	if len(none) == 0 || len(t) == 0 {
		return
	}
	if len(none) == len(p.Pipelines) {
		b.WriteString("\nno deal is in the pipelines of the process, so every figure would be empty\n")
	} else {
		b.WriteString("\npipelines of the process that no deal is in\n")
	}
	for _, name := range none {
		meant := "write under pipelines of the process one that is there"
		if near, ok := t.nearest(name); ok {
			meant = fmt.Sprintf("did you mean %q?", near)
		}
		fmt.Fprintf(b, "  %q: %s\n", name, meant)
	}
	var there []string
	for i, c := range t.most() {
		switch {
		case i == mostListed:
			there = append(there, fmt.Sprintf("%d more", len(t)-i))
		case i > mostListed:
		case c.name == "":
			there = append(there, "without a pipeline "+discovery.Counted(c.n, "deal"))
		default:
			there = append(there, fmt.Sprintf("%q with %s", c.name, discovery.Counted(c.n, "deal")))
		}
	}
	fmt.Fprintf(b, "  there are: %s\n", strings.Join(there, ", "))
}
