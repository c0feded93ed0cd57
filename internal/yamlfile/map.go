package yamlfile

import (
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/fault"

	"github.com/goccy/go-yaml/ast"
)

// Map is one mapping of a file. Asking it for a key makes the key known; what nobody asked for is a fault.
// Each method gives its default where the key is left out or its value is at fault.
type Map struct {
	file    *File
	path    string // dotted, "" for the root
	place   place
	order   []string
	entries map[string]entry
	asked   map[string]bool
	opened  map[string]*Map
	broken  bool // it stands in the file, not as a mapping: what it lacks is not worth a word
}

func newMap(f *File, path string, at place) *Map {
	m := &Map{file: f, path: path, place: at, entries: map[string]entry{}, asked: map[string]bool{}, opened: map[string]*Map{}}
	f.all = append(f.all, m)
	return m
}

type entry struct {
	key   place
	value ast.Node
}

// mapping opens a node as a mapping, nil when it is none.
func (f *File) mapping(n ast.Node, path string, parent place) *Map {
	m := newMap(f, path, parent)
	node := f.follow(n, path)
	if node == nil {
		return nil
	}
	values, ok := node.(*ast.MappingNode)
	if !ok {
		hint := "write key: value, with a space after the colon"
		if _, list := node.(*ast.SequenceNode); list {
			hint = "write key: value, without dashes and brackets"
		}
		f.add(f.at(n), path, "must be a mapping, not "+describe(node), hint)
		return nil
	}
	m.place = f.at(values)
	for _, v := range values.Values {
		f.entry(m, v)
	}
	f.maps = append(f.maps, m)
	return m
}

func (f *File) entry(m *Map, v *ast.MappingValueNode) {
	p := f.at(v.Key)
	switch v.Key.(type) {
	case *ast.MergeKeyNode:
		f.add(p, m.path, "merge keys (<<) are not read", "write the keys out, or use the whole mapping by its alias")
		m.broken = true // what it seems to lack may come by the merge
		return
	case *ast.MappingKeyNode:
		f.add(p, m.path, "keys with ? are not read", "write key: value")
		return
	}
	key := v.Key.GetToken().Value
	if first, twice := m.entries[key]; twice {
		f.add(p, m.field(key), "this key stands twice", fmt.Sprintf("the first is in line %d", first.key.line))
		return
	}
	m.order = append(m.order, key)
	m.entries[key] = entry{key: p, value: v.Value}
}

func (m *Map) field(key string) string {
	if m.path == "" || key == "" {
		return m.path + key
	}
	return m.path + "." + key
}

// Has says whether the key is there, whatever its value.
func (m *Map) Has(key string) bool {
	m.asked[key] = true
	_, ok := m.entries[key]
	return ok
}

// Sound says whether the mapping is there and could be read as one.
func (m *Map) Sound() bool { return slices.Contains(m.file.maps, m) }

// Keys lists the keys as they stand in the file and makes all of them known: for mappings with free keys.
func (m *Map) Keys() []string {
	for _, k := range m.order {
		m.asked[k] = true
	}
	return m.order
}

// Fault records something wrong with the value of key, or with the mapping where there is no such key.
func (m *Map) Fault(key, what, hint string) {
	m.file.add(m.placeOf(key), m.field(key), what, hint)
}

// Describe gives the fault that Fault would record.
func (m *Map) Describe(key, what, hint string) fault.Fault {
	p := m.placeOf(key)
	return fault.Fault{File: m.file.name, Line: p.line, Column: p.column, Field: m.field(key), What: m.file.masked(p, what), Hint: m.file.masked(p, hint)}
}

// placeOf is where the value of key stands, or the mapping where there is no such key.
func (m *Map) placeOf(key string) place {
	e, ok := m.entries[key]
	if !ok {
		return m.place
	}
	if _, null := e.value.(*ast.NullNode); null {
		return e.key
	}
	return m.file.at(e.value)
}

// FaultAt is Fault for the i-th item of the list under key.
func (m *Map) FaultAt(key string, i int, what, hint string) {
	if items, ok := m.file.deref(m.entries[key].value).(*ast.SequenceNode); ok && i < len(items.Values) {
		m.file.add(m.file.at(items.Values[i]), fmt.Sprintf("%s[%d]", m.field(key), i), what, hint)
		return
	}
	m.Fault(key, what, hint)
}

// deref is follow for a node that is known to be sound.
func (f *File) deref(n ast.Node) ast.Node {
	switch v := n.(type) {
	case *ast.AnchorNode:
		return v.Value
	case *ast.AliasNode:
		return f.anchors[v.Value.GetToken().Value]
	}
	return n
}

// isMissing is what is wrong with a required key that is not there.
const isMissing = "is missing"

// Missing records that a required key is not there.
func (m *Map) Missing(key, hint string) {
	m.file.faults = append(m.file.faults, m.Lack(key, hint)...)
}

// Lack gives the fault of a key that is not there without recording it. There is none where a part of the
// file could not be parsed: the key may stand in that part.
func (m *Map) Lack(key, hint string) fault.List {
	if m.file.partial || m.broken {
		return nil
	}
	return fault.List{{File: m.file.name, Line: m.place.line, Column: m.place.column, Field: m.field(key), What: isMissing, Hint: hint}}
}

// value gives what stands under key, nil where there is nothing or it was found to be at fault.
func (m *Map) value(key string) ast.Node {
	if !m.Has(key) {
		return nil
	}
	n := m.file.follow(m.entries[key].value, m.field(key))
	if _, null := n.(*ast.NullNode); null {
		hint := "give it one or leave the key out"
		if m.file.commented(m.entries[key].key, key) {
			hint = "what follows # is a comment: quote the value if the # is meant"
		}
		m.Fault(key, "has no value", hint)
		return nil
	}
	return n
}

// Verbatim gives the path of a key whose value stands in the file as it is; empty: some of it is from the environment, or
// there is none. Ask for the value first.
func (m *Map) Verbatim(key string) string {
	if !m.Has(key) || slices.ContainsFunc(m.file.masks, func(one mask) bool { return one.at == m.file.at(m.entries[key].value) }) {
		return ""
	}
	return m.field(key)
}

// Map opens the mapping under key. Where there is none the result is empty, so that its defaults are found
// by the same questions.
func (m *Map) Map(key string) *Map {
	if m.opened[key] == nil {
		if n := m.value(key); n != nil {
			m.opened[key] = m.file.mapping(n, m.field(key), m.place)
		}
		if m.opened[key] == nil {
			m.opened[key] = newMap(m.file, m.field(key), m.place)
			m.opened[key].broken = m.broken || m.Has(key)
		}
	}
	return m.opened[key]
}

// Maps opens the list of mappings under key.
func (m *Map) Maps(key string) []*Map {
	var out []*Map
	for i, n := range m.items(key, "begin each item with a dash: - key: value") {
		if sub := m.file.mapping(n, fmt.Sprintf("%s[%d]", m.field(key), i), m.place); sub != nil {
			out = append(out, sub)
		}
	}
	return out
}

// Texts gives the list of texts under key, none of them blank; nil where the key is left out.
func (m *Map) Texts(key string) []string {
	var out []string
	for i, n := range m.items(key, "write [one, two], or each item in a line of its own after a dash") {
		field := fmt.Sprintf("%s[%d]", m.field(key), i)
		s, ok := m.file.text(n, field)
		if ok && strings.TrimSpace(s) == "" {
			m.file.add(m.file.at(n), field, "is empty", "")
		}
		if !ok {
			s = ""
		}
		out = append(out, s) // places stay those of the file
	}
	return out
}

func (m *Map) items(key, hint string) []ast.Node {
	n := m.value(key)
	if n == nil {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		m.Fault(key, "must be a list, not "+describe(n), hint)
		return nil
	}
	return list.Values
}

// Filled records a fault where the list under key is there and empty.
func (m *Map) Filled(key, hint string) {
	if !m.Has(key) {
		return
	}
	if list, ok := m.file.deref(m.entries[key].value).(*ast.SequenceNode); ok && len(list.Values) == 0 {
		m.Fault(key, "is an empty list", hint)
	}
}

func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	}
	return "a single value"
}
