package render

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/templates"
)

// Whatever a company lays over one of the templates: it renders without a trace of a mishap, or the error names the
// template; and nothing but templates is read.
func FuzzTemplates(f *testing.F) {
	names, err := fs.Glob(templates.FS, "*.*")
	if err != nil {
		f.Fatal(err)
	}
	for i, name := range names {
		src, err := templates.FS.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), string(src[:min(len(src), 3000)]))
		for _, own := range []string{`{{define "main"}}{{.Nosuch}}{{end}}`, `{{define "layout"}}{{.Subject}}{{end}}`, `{{define "layout"}}<a href="{{.Subject}}" onclick="{{.}}">{{end}}`,
			`{{define "main"}}{{template "main" .}}{{end}}`, "{{", "%!d(x) <nil> NaN", `{{define "layout"}}{{printf "%d" .Subject}}{{end}}`} {
			f.Add(uint8(i), own)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, src string) {
		name := names[int(which)%len(names)]
		over := fstest.MapFS{name: {Data: []byte(src)}, "secret.txt": {Data: []byte("hunter2")}}
		r, err := New(WithTemplates(over))
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("of %s it is said: %v", name, err)
			}
			return
		}
		for _, kind := range []digest.Kind{digest.Manager, digest.Rep} {
			in := digesttest.Input(kind, map[digest.Kind]string{digest.Manager: "m1", digest.Rep: "r01"}[kind])
			in.Voice = r.Voice("")
			d, err := digest.Build(in)
			if err != nil {
				continue // words that cannot be said: package words fuzzes them
			}
			c, err := r.Render(d)
			if err == nil && (mishaps.MatchString(c.HTML+c.Text) || strings.Contains(c.HTML+c.Text, "hunter2") || len(c.HTML) > MaxBytes) {
				t.Errorf("%s rendered as\n%s\n%s", name, c.HTML, c.Text)
			}
		}
	})
}
