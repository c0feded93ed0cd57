package render

import (
	"strings"
	"testing"

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
