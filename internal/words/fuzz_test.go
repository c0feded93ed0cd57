package words_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"drumbeat/internal/fault"
	"drumbeat/internal/words"
	"drumbeat/templates"
)

// Whatever a company writes as its phrases: they can be said, or it is told where they cannot, and no file but those
// of phrases is ever opened.
func FuzzPhrases(f *testing.F) {
	names, err := fs.Glob(templates.FS, "words*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		src, err := templates.FS.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i, define := range strings.SplitAfter(string(src), "{{end}}") {
			if i%20 == 0 {
				f.Add(define)
			}
		}
	}
	for _, src := range []string{`{{define "of"}}{{of .n .all}}{{end}}`, `{{define "and"}}{{define "x"}}{{end}}{{end}}`, `{{define "pushed"}}{{range 3}}{{.}}{{end}}{{end}}`,
		`{{define "weekdays"}}Mo|Di{{end}}`, `{{define "months"}}{{template "months"}}{{end}}`, "{{/*", "\xff", `{{define "overdue"}}{{index .n 9}}{{printf "%*d" 9 9}}{{end}}`} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		over := &watched{FS: fstest.MapFS{"words.de.txt": {Data: []byte(src)}, "secret.txt": {Data: []byte("hunter2")}}}
		book, err := words.Load(over)
		if err != nil {
			var faults fault.List
			if !errors.As(err, &faults) {
				t.Fatalf("an error without a place: %v", err)
			}
			for _, one := range faults {
				if one.File != "words.de.txt" || one.Line < 0 || one.Line > strings.Count(src, "\n")+1 || one.What == "" {
					t.Errorf("a fault at no place: %v", one)
				}
			}
		} else {
			voice := book.For("de-AT")
			for _, name := range book.Names() {
				if said, err := voice.Say(name, map[string]any{"n": 3, "all": 4, "name": "Ada"}); err == nil && strings.Contains(said, "hunter2") {
					t.Errorf("%q says what stands in another file", name)
				}
			}
		}
		for _, name := range over.opened {
			if name != "." && name != "words.de.txt" {
				t.Errorf("%s was opened", name)
			}
		}
	})
}

// watched notes what is opened.
type watched struct {
	fs.FS
	opened []string
}

func (w *watched) Open(name string) (fs.File, error) {
	w.opened = append(w.opened, name)
	return w.FS.Open(name)
}
