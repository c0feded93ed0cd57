package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"drumbeat/internal/yamlfile"
)

// met is what an export says of the kinds of values that a map can name: each as compared → as first written.
type met struct {
	written    map[string]string // stages as they stand in the files
	named      map[string]string // stages by their names of today, and states
	categories map[string]string
}

func newMet() met {
	return met{written: map[string]string{}, named: map[string]string{}, categories: map[string]string{}}
}

func meet(in map[string]string, key, text string) {
	if _, seen := in[key]; !seen && key != "" {
		in[key] = clean(text)
	}
}

// warnUnmet names what the company's map says about stages, states and categories that no row has: mostly it is
// misspelt. It is no fault, since a map serves more than one export.
func (e *Export) warnUnmet() {
	m := e.mapping
	if m.own == nil {
		return
	}
	outcomes := m.own.Map("outcomes")
	for _, key := range []string{"open", "won", "lost", "ignore"} {
		unmet(outcomes, key, "no row has such a stage or state", m.met.named)
	}
	categories := m.own.Map("categories")
	for _, key := range categoryKeys {
		unmet(categories, key, "no row has such a forecast category", m.met.categories)
	}
	renames := m.own.Map("rename")
	for _, old := range renames.Keys() {
		if _, there := m.met.written[sameText(old)]; !there {
			renames.Fault(old, "no row has a stage of this name", nearest(old, m.met.written))
		}
	}
	e.Warnings = append(e.Warnings, m.ownFile.Faults()...) // these alone: with another one there would be no import
}

func unmet(part *yamlfile.Map, key, what string, there map[string]string) {
	for i, name := range part.Texts(key) {
		if _, has := there[sameText(name)]; !has {
			part.FaultAt(key, i, what, nearest(name, there))
		}
	}
}

// nearest gives the value that is probably meant, else some that there are.
func nearest(name string, there map[string]string) string {
	known := slices.Sorted(maps.Values(there))
	hint := yamlfile.Suggest(name, known)
	const most = 12
	if strings.HasPrefix(hint, "possible: ") && len(known) > most {
		return fmt.Sprintf("possible: %s and %d more", strings.Join(known[:most], ", "), len(known)-most)
	}
	return hint
}
