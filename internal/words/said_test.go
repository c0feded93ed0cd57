package words_test

import (
	"regexp"
	"strings"
	"testing"

	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/render"
	"drumbeat/internal/words"
	"drumbeat/templates"
)

// inner are the phrases that a phrase says inside it, by its source.
func inner(t *testing.T) map[string][]string {
	t.Helper()
	files, err := templates.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	use := regexp.MustCompile(`\{\{-? ?template "([^"]+)"`)
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), "words") {
			continue
		}
		src, err := templates.FS.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, define := range strings.Split(string(src), `{{define "`)[1:] {
			name, body, _ := strings.Cut(define, `"`)
			for _, m := range use.FindAllStringSubmatch(body, -1) {
				out[name] = append(out[name], m[1])
			}
		}
	}
	return out
}

// check says the storybook's digests in a company's words: a phrase that none of them says would be tried by the first
// reader. And what nobody ever says is dead.
func TestTheStorybookSaysEveryPhrase(t *testing.T) {
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	said, nested := map[string]bool{"months": true, "months.short": true, "weekdays": true, "and": true}, inner(t) // these make a voice
	var hear func(phrase string)
	hear = func(phrase string) {
		if !said[phrase] {
			said[phrase] = true
			for _, p := range nested[phrase] {
				hear(p)
			}
		}
	}
	r.Voice("").Listen(hear)
	for _, story := range digesttest.Storybook() {
		d, err := story.Build(r.Voice(""))
		if err == nil {
			_, err = r.Render(d)
		}
		if err != nil {
			t.Fatalf("%s: %v", story.Name, err)
		}
	}
	b, err := words.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range b.Names() {
		if !said[name] {
			t.Errorf("no story says %q", name)
		}
	}
}
