// Package yamlfile reads the YAML files that people write by hand, strictly. In goes a file's bytes; a
// reader asks its mappings for the keys it knows (Map.Text, Map.Duration, …), each with default and range,
// and gets values; out comes every fault at once, each with line and column. It refuses what is not asked
// for: unknown and duplicate keys, wrong types, null, several documents, tags and merge keys.
// Read map.go next (what may be asked), then config and process, which ask.
package yamlfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"drumbeat/internal/fault"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Env looks up an environment variable, like os.LookupEnv.
type Env func(name string) (string, bool)

// File is one YAML file on its way to values.
type File struct {
	name    string
	lines   []string
	env     Env
	anchors map[string]ast.Node
	maps    []*Map // those that stand in the file
	all     []*Map // and those that were asked for
	faults  fault.List
	partial bool // a part could not be parsed: what seems to be missing may stand there

	places   Places
	meanings map[string]string
	masks    []mask
	meant    []string // paths that unknown keys were taken for
	stranger bool     // no key of the file is known
}

// Know tells, for hints, where keys belong, and what keys of other programs mean here.
func (m *Map) Know(places Places, meanings map[string]string) {
	m.file.places, m.file.meanings = places, meanings
}

// Parse reads a file whose name is used in faults. Strings have ${NAME} replaced by env; with a nil env
// they stay as they are. Syntax faults are kept until Faults, and what could be parsed can be asked for.
func Parse(name string, data []byte, env Env) (*File, *Map) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	f := &File{name: name, lines: strings.Split(text, "\n"), env: env, anchors: map[string]ast.Node{}}
	root := newMap(f, "", place{line: 1, column: 1})
	if !f.checkBytes() {
		return f, root
	}
	body := f.parse(text)
	if body == nil {
		if len(f.faults) == 0 {
			f.add(place{}, "", "the file is empty", "start from the annotated file that Drumbeat comes with")
		}
		f.partial = true
		return f, root
	}
	f.collectAnchors(body)
	if m := f.mapping(body, "", root.place); m != nil {
		return f, m
	}
	f.partial = true
	return f, root
}

// Faults lists everything wrong so far in the order of the file, unknown keys included: call it last, when
// all keys have been asked for.
func (f *File) Faults() fault.List {
	for _, m := range f.maps {
		m.reportUnknown()
	}
	f.maps = nil
	f.faults = f.Unexplained(f.faults)
	slices.SortStableFunc(f.faults, func(a, b fault.Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	// An anchor used twice is read twice, its faults stand in the file once.
	f.faults = slices.CompactFunc(f.faults, func(a, b fault.Fault) bool {
		return a.Line == b.Line && a.Column == b.Column && a.What == b.What && lastKey(a.Field) == lastKey(b.Field)
	})
	return f.faults
}

func lastKey(field string) string { return field[strings.LastIndexByte(field, '.')+1:] }

// place is where something stands; line 0 is the file as a whole.
type place struct{ line, column int }

func (f *File) add(p place, field, what, hint string) {
	f.faults = append(f.faults, fault.Fault{File: f.name, Line: p.line, Column: p.column, Field: field, What: f.masked(p, what), Hint: f.masked(p, hint)})
}

// checkBytes refuses what no YAML reader should be handed.
func (f *File) checkBytes() bool {
	if first := f.lines[0]; strings.HasPrefix(first, "\xff\xfe") || strings.HasPrefix(first, "\xfe\xff") {
		f.add(place{1, 1}, "", "the file is in UTF-16", "save it as UTF-8 text")
		f.partial = true
		return false
	}
	for i, line := range f.lines {
		if at := strings.IndexByte(line, 0); at >= 0 {
			f.add(place{i + 1, at + 1}, "", "a zero byte", "save the file as UTF-8 text")
			f.partial = true
			return false
		}
		if !utf8.ValidString(line) {
			at := 0
			for r, n := utf8.DecodeRuneInString(line); r != utf8.RuneError || n > 1; r, n = utf8.DecodeRuneInString(line[at:]) {
				at += n
			}
			f.add(place{i + 1, at + 1}, "", "a byte that is not UTF-8", "save the file as UTF-8 text")
			f.partial = true
			return false
		}
	}
	return true
}

// parse gives the body of the only document, nil if there is none. The library stops at the first syntax
// fault; then each top-level key is parsed by itself, so that a fault in one hides nothing in the others.
func (f *File) parse(text string) ast.Node {
	body, err := f.parseDocument(text, 0)
	if err == nil {
		return body
	}
	f.partial = true
	whole := &ast.MappingNode{BaseNode: &ast.BaseNode{}}
	starts := f.blocks()
	for i, from := range starts {
		to := len(f.lines)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		part, blockErr := f.parseDocument(strings.Join(f.lines[from:to], "\n")+"\n", from)
		if blockErr != nil {
			if !f.suspects(from, to) {
				f.syntax(blockErr)
			}
			continue
		}
		if m, ok := part.(*ast.MappingNode); ok {
			whole.Values = append(whole.Values, m.Values...)
		}
	}
	if len(f.faults) == 0 {
		f.syntax(err)
	}
	if len(whole.Values) == 0 {
		return nil
	}
	return whole
}

// parseDocument runs the library on a text that begins after so many lines. On odd input the library panics;
// to our user that is a fault of the file like any other.
func (f *File) parseDocument(text string, after int) (body ast.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			body, err = nil, errors.New("this is no YAML that can be read")
		}
	}()
	tokens := lexer.Tokenize(text)
	for _, t := range tokens {
		t.Position.Line += after
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	for _, doc := range file.Docs {
		if _, directive := doc.Body.(*ast.DirectiveNode); directive || doc.Body == nil {
			continue
		}
		if body != nil {
			f.add(f.at(doc.Body), "", "a second document", "one file holds one document: remove the line ---")
			return body, nil
		}
		body = doc.Body
	}
	return body, nil
}

// blocks gives the lines, counted from 0, at which the file can be cut because a top-level key begins there.
func (f *File) blocks() []int {
	starts := []int{0}
	for i, line := range f.lines {
		if i > 0 && line != "" && !strings.ContainsAny(line[:1], " \t#-]}") {
			starts = append(starts, i)
		}
	}
	return starts
}

// collectAnchors notes every anchor by name; their aliases are followed when they are read.
func (f *File) collectAnchors(body ast.Node) {
	for _, n := range ast.Filter(ast.AnchorType, body) {
		a := n.(*ast.AnchorNode)
		name := a.Name.GetToken().Value
		if _, twice := f.anchors[name]; twice {
			f.add(f.at(a), "", fmt.Sprintf("the anchor &%s stands twice", name), "give each anchor a name of its own")
			continue
		}
		f.anchors[name] = a.Value
	}
}

// follow gives the node that an alias or anchor means, nil after recording why there is none.
func (f *File) follow(n ast.Node, field string) ast.Node {
	start := n
	for range 10 { // an alias of an alias of itself ends here
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			to, ok := f.anchors[name]
			if !ok {
				if !f.partial { // it may stand in the part that could not be parsed
					// Unnamed: a password may begin with a star.
					f.add(f.at(v), field, "there is no anchor of this name", "quote the value if its star is meant")
				}
				return nil
			}
			n = to
		case *ast.TagNode:
			f.add(f.at(v), field, "tags (!…) are not read", "write the plain value, in quotes if it begins with !")
			return nil
		default:
			return n
		}
	}
	f.add(f.at(start), field, "this alias means itself", "")
	return nil
}

// at gives the place of a node: for a mapping its first key, not the colon that the library means.
func (f *File) at(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	return f.atToken(n.GetToken())
}

// atToken turns the library's columns, which count runes, into bytes.
func (f *File) atToken(t *token.Token) place {
	if t == nil || t.Position == nil || t.Position.Line < 1 {
		return place{}
	}
	p := place{line: t.Position.Line, column: 1}
	if p.line > len(f.lines) {
		p.line = len(f.lines)
		return p
	}
	rest := f.lines[p.line-1]
	for i := 1; i < t.Position.Column && rest != ""; i++ {
		_, n := utf8.DecodeRuneInString(rest)
		p.column, rest = p.column+n, rest[n:]
	}
	return p
}
