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

// nearest gives the name that is written most alike, of equal ones the first; false where none is by half.
func nearest(name string, known []string) (near string, ok bool) {
	normal := process.Normal(name)
	best := len(normal)/2 + 1
	for _, k := range known {
		if d := yamlfile.Distance(normal, process.Normal(k)); k != "" && d < best {
			near, ok, best = k, true, d
		}
	}
	return near, ok
}

// mostListed is how many names a line lists.
const mostListed = 10

// listed joins the first of them, and says how many more there are.
func listed(names []string) string {
	if more := len(names) - mostListed; more > 0 {
		names = append(slices.Clone(names[:mostListed]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

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
	var names, there []string
	for _, c := range t.most() {
		names = append(names, c.name)
		if c.name == "" {
			there = append(there, "without a pipeline "+discovery.Counted(c.n, "deal"))
		} else {
			there = append(there, fmt.Sprintf("%q with %s", c.name, discovery.Counted(c.n, "deal")))
		}
	}
	for _, name := range none {
		meant := "write under pipelines of the process one that is there"
		if near, ok := nearest(name, names); ok {
			meant = fmt.Sprintf("did you mean %q?", near)
		}
		fmt.Fprintf(b, "  %q: %s\n", name, meant)
	}
	fmt.Fprintf(b, "  there are: %s\n", listed(there))
}
