package yamlfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"drumbeat/internal/fault"
)

// What was meant by a word that is not known.

// Places names for each key the mappings that take it, by their dotted paths; the number of a list's item is left out:
// schedules[].recipients. The empty path is the top level.
type Places map[string][]string

var index = regexp.MustCompile(`\[[0-9]+\]`)

// anyItem leaves the numbers of items out of a path.
func anyItem(path string) string { return index.ReplaceAllString(path, "[]") }

// Outline finds the places of keys by reading a file that has an empty item in every list of mappings.
func Outline(file string, read func(root *Map)) Places {
	f, root := Parse("", []byte(file), nil)
	read(root)
	places := Places{}
	for _, m := range f.all {
		for key := range m.asked {
			if path := anyItem(m.path); !slices.Contains(places[key], path) {
				places[key] = append(places[key], path)
			}
		}
	}
	for _, paths := range places {
		slices.Sort(paths)
	}
	return places
}

// reportUnknown names the keys that nobody asked for, each with what was likely meant.
func (m *Map) reportUnknown() {
	known := make([]string, 0, len(m.asked))
	for k := range m.asked {
		known = append(known, k)
	}
	slices.Sort(known)
	if m.isStranger(known) {
		m.file.stranger = true
		m.file.add(m.place, "", "none of its keys is known here ("+strings.Join(m.order[:min(3, len(m.order))], ", ")+", …)",
			"is this the right file? possible: "+strings.Join(known, ", "))
		return
	}
	for _, k := range m.order {
		if !m.asked[k] {
			hint, meant := m.likely(k, known)
			m.file.meant = append(m.file.meant, meant...)
			m.file.add(m.entries[k].key, m.field(k), "unknown key", hint)
		}
	}
}

// likely is the hint for a key that is not known, and the paths that it may have been meant for.
func (m *Map) likely(k string, known []string) (hint string, meant []string) {
	word := k
	near, sure := nearest(k, known)
	places := m.closest(k)
	if ours := m.file.meanings[marks.Replace(strings.ToLower(k))]; slices.Contains(known, ours) {
		near, sure = ours, true
	} else if ours != "" && len(places) == 0 {
		word, places = ours, m.closest(ours)
	}
	switch {
	case near != "" && (sure || len(places) == 0):
		return "did you mean " + near + "?", []string{m.field(near)}
	case len(places) == 0:
		return Suggest(k, known), nil
	}
	for i, path := range places {
		meant = append(meant, strings.TrimPrefix(path+"."+word, "."))
		places[i] = called(path)
	}
	hint = "it belongs " + strings.Join(places, " or ")
	if word != k {
		hint = "it is called " + word + ", and belongs " + strings.Join(places, " or ")
	}
	return hint, meant
}

// isStranger says whether a file is another's altogether: none of its keys is known, nor is one near.
func (m *Map) isStranger(known []string) bool {
	for _, k := range m.order {
		if near, _ := nearest(k, known); m.asked[k] || near != "" || len(m.closest(k)) > 0 {
			return false
		}
	}
	return m.path == "" && len(m.order) > 1
}

// closest gives the mappings that take a key, those that are the fewest steps away, and of steps those inwards before
// those outwards; none where they are many.
func (m *Map) closest(key string) []string {
	here := anyItem(m.path)
	var out []string
	for _, path := range m.file.places[key] {
		if len(out) > 0 && steps(here, path) < steps(here, out[0]) {
			out = nil
		}
		if path != here && (len(out) == 0 || steps(here, path) == steps(here, out[0])) {
			out = append(out, path)
		}
	}
	if len(out) > 3 {
		return nil
	}
	for i, path := range out { // inside this item of a list it is this one
		if rest, inside := strings.CutPrefix(path, here); inside && here != "" {
			out[i] = m.path + rest
		}
	}
	return out
}

// steps is how far it is from one mapping to another: out of those that are not shared, and into the others.
func steps(from, to string) int {
	split := func(path string) []string { return strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) }
	a, b := split(from), split(to)
	shared := 0
	for shared < min(len(a), len(b)) && a[shared] == b[shared] {
		shared++
	}
	const out = 10
	return out*(len(a)-shared) + len(b) - shared
}

// called says where a mapping is.
func called(path string) string {
	if path == "" {
		return "at the top level, without indentation"
	}
	if list, isItem := strings.CutSuffix(path, "[]"); isItem {
		return "into an item of " + list
	}
	return "under " + path
}

// Unexplained leaves out what seems to be missing and stands elsewhere or under another name: that was said already.
// Call it after Faults.
func (f *File) Unexplained(list fault.List) fault.List {
	return slices.DeleteFunc(list, func(one fault.Fault) bool {
		if one.What != isMissing {
			return false
		}
		return f.stranger || slices.ContainsFunc(f.meant, func(meant string) bool {
			field := one.Field
			if strings.Contains(meant, "[]") {
				field, meant = anyItem(field), anyItem(meant)
			}
			return field == meant || within(field, meant) || within(meant, field)
		})
	})
}

// within says whether a path leads through another.
func within(path, outer string) bool {
	return strings.HasPrefix(path, outer+".") || strings.HasPrefix(path, outer+"[")
}

// Suggest is the hint after an unknown word: the likeliest known one, or all of them.
func Suggest(word string, known []string) string {
	if near, _ := nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 {
		return "nothing is expected here"
	}
	return "possible: " + strings.Join(known, ", ")
}

var marks = strings.NewReplacer("_", "", "-", "", " ", "", ".", "")

// nearest gives the known word that is likely meant, empty where there is none; sure where it differs in a letter at
// the most, or in how it is written only.
func nearest(word string, known []string) (near string, sure bool) {
	least := len(word)/4 + 2
	for _, k := range known {
		if marks.Replace(strings.ToLower(word)) == marks.Replace(strings.ToLower(k)) {
			return k, true
		}
		if d := Distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			near, least = k, d
		}
	}
	if near != "" {
		return near, least <= 1
	}
	return part(word, known), false
}

// part gives the known word of which this is a part, or the other way round: problem_owned of buyer:problem_owned. Of
// several the one that has least beside it.
func part(word string, known []string) string {
	const least = 4 // letters of a part that means something
	word = strings.ToLower(word)
	beside := func(k string) int { return max(len(k)-len(word), len(word)-len(k)) }
	holds := slices.DeleteFunc(slices.Clone(known), func(k string) bool {
		l := strings.ToLower(k)
		return min(len(l), len(word)) < least || !strings.Contains(l, word) && !strings.Contains(word, l)
	})
	if len(holds) == 0 {
		return ""
	}
	return slices.MinFunc(holds, func(a, b string) int { return cmp.Compare(beside(a), beside(b)) })
}

// Distance is how many slips of a hand lie between two words: a byte too many, too few or wrong, or two neighbours the
// wrong way round (the optimal string alignment distance).
func Distance(a, b string) int {
	var above []int // the row before the last one
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], above[j-1]+1)
			}
		}
		above, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"

// nearlySet gives the variable that is set and is the likeliest one meant: of another case, or one slip away. Who
// looks variables up need not be able to list them.
func nearlySet(name string, env Env) string {
	tries := []string{strings.ToUpper(name), strings.ToLower(name), strings.ReplaceAll(name, "_", ""), "DRUMBEAT_" + name, strings.TrimPrefix(name, "DRUMBEAT_")}
	if len(name) > 64 { // no slip of a hand
		return ""
	}
	for i := range len(name) + 1 {
		before, after := name[:i], name[i:]
		if after != "" {
			tries = append(tries, before+after[1:])
		}
		if len(after) > 1 {
			tries = append(tries, before+after[1:2]+after[:1]+after[2:])
		}
		for _, letter := range letters {
			tries = append(tries, fmt.Sprintf("%s%c%s", before, letter, after))
			if after != "" {
				tries = append(tries, fmt.Sprintf("%s%c%s", before, letter, after[1:]))
			}
		}
	}
	for _, try := range tries {
		if _, set := env(try); set && try != name && len(try) > 2 {
			return try
		}
	}
	return ""
}
