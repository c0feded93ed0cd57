package render

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
)

func TestTracesOfABrokenTemplateAreFoundWhereverTheyStand(t *testing.T) {
	for _, trace := range []string{"ZgotmplZ", "<no value>", "&lt;no value&gt;", "NaN", "<nil>", "&lt;nil&gt;", "%!d(string=x)",
		"x%!s(MISSING)", "%!(EXTRA int=1)", "%!é(string=x)", "50%!%!d(string=x)"} {
		for _, text := range []string{trace, "width:100%!important; " + trace, "a " + trace + " z"} {
			if err := (Content{HTML: text}).check(); err == nil || !strings.Contains(err.Error(), "html part: trace of a broken template") {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
	for _, text := range []string{"", "%", "%!", "100%!important (a note)", "50 %!\n(", "Nandita, vanilla"} {
		if err := (Content{Text: text}).check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A mistake in a company's template costs the digest, not the worker: neither its time nor its memory.
func TestATemplateWithoutAnEndFailsSoon(t *testing.T) {
	d, err := digest.Build(digesttest.Input(digest.Manager, "m1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, src, want string }{
		"a range, as HTML":             {"manager.html", `{{define "name"}}{{end}}{{define "main"}}{{range 1000000000000}}x{{end}}{{end}}`, "look for a range"},
		"a range, as text":             {"manager.txt", `{{define "main"}}{{range 1000000000000}}{{"\n"}}{{end}}{{end}}`, "look for a range"},
		"empty lines, which we drop":   {"manager.html", "{{define \"name\"}}{{end}}{{define \"main\"}}{{range 1000000000000}}\n{{end}}{{end}}", "look for a range"},
		"a phrase":                     {"words.txt", `{{define "heading about"}}{{range 1000000000000}}x{{end}}{{end}}`, "look for a range"},
		"a template that shows itself": {"manager.html", `{{define "name"}}{{end}}{{define "main"}}{{template "main" .}}{{end}}`, "maximum template depth"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(WithTemplates(fstest.MapFS{c.file: {Data: []byte(c.src)}}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = r.Render(d); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What a template can call is counted: none of it reads a file, a variable of the environment or a host, nor runs anything.
func TestTemplatesCallNothingButWords(t *testing.T) {
	var names []string
	for name := range htmlFuncs(nil) {
		names = append(names, name)
	}
	for name := range textFuncs(nil) {
		names = append(names, name)
	}
	slices.Sort(names)
	const want = "columns fill head join lenses mentions mso opt opt2 rank say say shell table"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("templates call %s, not %s: a function that reaches out of a digest must not be there", got, want)
	}
	// Methods of what a template is given can be called too.
	seen := map[reflect.Type]bool{}
	var methods []string
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		if seen[of] || of.PkgPath() != "" && !strings.HasPrefix(of.PkgPath(), "drumbeat/") {
			return
		}
		seen[of] = true
		for i := range of.NumMethod() {
			methods = append(methods, of.String()+"."+of.Method(i).Name)
		}
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(of.Elem())
		case reflect.Struct:
			for i := range of.NumField() {
				walk(of.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeFor[*digest.Digest]())
	slices.Sort(methods)
	if got := strings.Join(methods, " "); got != "*digest.Digest.CheckScope digest.Whom.Whose" {
		t.Errorf("templates can call %s: look that it changes and reads nothing, and add it here", got)
	}
}

// Most of the time of a page once went into looking for traces that its styles resembled.
func TestAnOrdinaryPageIsNotSuspicious(t *testing.T) {
	d, err := digest.Build(digesttest.Input(digest.Manager, "m1"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Render(d)
	if err != nil {
		t.Fatal(err)
	}
	if suspicious(c.HTML) || suspicious(c.Text) || suspicious(c.Subject) {
		t.Error("the slow search is made for every page")
	}
}
