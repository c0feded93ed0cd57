package words

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// uses is what a phrase is made of, in all of its branches: trying it reaches only some.
type uses struct {
	fields, phrases map[string]bool
	calls           map[string]int // of a function, with how many arguments: -1 where calls differ
}

// everywhere are the fields that every phrase of a manager's or a rep's digest knows.
var everywhere = []string{"rep", "unit", "units", "period", "periods"}

// mistakes says what a company's phrase cannot do: speak of what ours does not, say a phrase that is not there, call a
// function with too few or too many values.
func (b *Book) mistakes(phrase *template.Template) (out []string) {
	own, known := usesOf(phrase), map[string]bool{}
	b.fields(phrase.Name(), known, map[string]bool{})
	if !strings.HasPrefix(phrase.Name(), "admin ") {
		for _, name := range everywhere {
			known[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.fields)) {
		if !known[name] {
			out = append(out, unknown(name, slices.Sorted(maps.Keys(known))))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.phrases)) {
		if !b.ours[name] {
			out = append(out, fmt.Sprintf("there is no phrase %q to say inside it; %s", name, b.suggest(name)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.calls)) {
		f, ours := (&Voice{}).funcs()[name]
		if !ours || reflect.TypeOf(f).IsVariadic() {
			continue
		}
		if want, got := reflect.TypeOf(f).NumIn(), own.calls[name]; got != want {
			out = append(out, fmt.Sprintf("%s wants %d values each time", name, want))
		}
	}
	return out
}

// unknown says that a phrase cannot speak of something, and of what it can.
func unknown(field string, known []string) string {
	if len(known) == 0 {
		return "it knows no ." + field + ", nor anything else"
	}
	return "it knows no ." + field + ", but ." + strings.Join(known, ", .")
}

// fields adds what our phrase of that name speaks of, with the phrases inside it.
func (b *Book) fields(name string, into, seen map[string]bool) {
	if u := b.uses[name]; u != nil && !seen[name] {
		seen[name] = true
		maps.Copy(into, u.fields)
		for inner := range u.phrases {
			b.fields(inner, into, seen)
		}
	}
}

func usesOf(t *template.Template) *uses {
	u := &uses{fields: map[string]bool{}, phrases: map[string]bool{}, calls: map[string]int{}}
	if t.Tree != nil {
		u.walk(t.Root)
	}
	return u
}

func (u *uses) walk(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, inner := range n.Nodes {
				u.walk(inner)
			}
		}
	case *parse.ActionNode:
		u.walk(n.Pipe)
	case *parse.IfNode:
		u.branch(&n.BranchNode)
	case *parse.WithNode:
		u.branch(&n.BranchNode)
	case *parse.RangeNode:
		u.branch(&n.BranchNode)
	case *parse.TemplateNode:
		u.phrases[n.Name] = true
		u.walk(n.Pipe)
	case *parse.PipeNode:
		if n != nil {
			for i, c := range n.Cmds {
				u.command(c, i > 0)
			}
		}
	case *parse.FieldNode:
		u.fields[n.Ident[0]] = true
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			u.fields[n.Ident[1]] = true
		}
	case *parse.ChainNode:
		u.walk(n.Node)
	}
}

// branch leaves out the inside of a with or a range, where the dot is something else.
func (u *uses) branch(b *parse.BranchNode) {
	u.walk(b.Pipe)
	if b.NodeType == parse.NodeIf {
		u.walk(b.List)
	}
	u.walk(b.ElseList)
}

func (u *uses) command(c *parse.CommandNode, piped bool) {
	for _, arg := range c.Args {
		u.walk(arg)
	}
	name, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok {
		return
	}
	n := len(c.Args) - 1
	if piped {
		n++
	}
	if before, called := u.calls[name.Ident]; called && before != n {
		n = -1
	}
	u.calls[name.Ident] = n
}
