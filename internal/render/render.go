// Package render turns a digest's view model into a subject, an HTML part and a text part. In goes a
// digest with final words; out come two parts that say the same, each from a template of its own, for
// readers on phones, in dark mode, in Outlook and without any of it. It refuses a page with a trace of a
// template that went wrong, and one so large that mail clients would cut it off.
// Read templates/layout.html for the look, package mail for what is sent.
package render

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"
	"unicode/utf8"

	"drumbeat/internal/digest"
	"drumbeat/internal/words"
	"drumbeat/templates"
)

// Content is a mail but for its envelope.
type Content struct {
	Subject, Preheader string
	HTML, Text         string
}

// MaxBytes of the HTML part: mail clients cut at about 102,400.
const MaxBytes = 90_000

// mostWritten bounds either part before its empty lines are dropped, so that a template without an end is not waited for.
const mostWritten = 10 * MaxBytes

// Renderer holds the parsed templates and the phrases; it may be used by many goroutines.
type Renderer struct {
	book *words.Book
	html map[digest.Kind]*htmltemplate.Template // never executed: a voice's are cloned from them
	text map[digest.Kind]*texttemplate.Template

	mu    sync.Mutex
	pages map[page]*parts
}

// page is what a pair of templates is for.
type page struct {
	kind   digest.Kind
	locale string
}

type parts struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// Voice says the phrases of a reader's locale.
func (r *Renderer) Voice(locale string) *words.Voice { return r.book.For(locale) }

// Languages are those that the phrases are there in.
func (r *Renderer) Languages() []string { return r.book.Languages() }

// Option changes how a Renderer is made.
type Option func(*settings)

type settings struct{ over fs.FS }

// WithTemplates lays a folder over the embedded templates: a file of the same name replaces ours. It is read by New alone.
func WithTemplates(over fs.FS) Option { return func(s *settings) { s.over = over } }

// New parses the templates. The error names the file that does not parse.
func New(opts ...Option) (*Renderer, error) {
	var set settings
	for _, o := range opts {
		o(&set)
	}
	r := &Renderer{html: map[digest.Kind]*htmltemplate.Template{}, text: map[digest.Kind]*texttemplate.Template{}, pages: map[page]*parts{}}
	var err error
	if r.book, err = words.Load(set.over); err != nil {
		return nil, err
	}
	for _, kind := range []digest.Kind{digest.Manager, digest.Rep, digest.Admin} {
		h := htmltemplate.New(string(kind)).Funcs(htmlFuncs(nil)).Option("missingkey=error")
		t := texttemplate.New(string(kind)).Funcs(textFuncs(nil)).Option("missingkey=error")
		for _, name := range []string{"layout", "partials", string(kind)} {
			if err := set.parse(name+".html", func(src string) error { _, err := h.New(name + ".html").Parse(src); return err }); err != nil {
				return nil, err
			}
			if err := set.parse(name+".txt", func(src string) error { _, err := t.New(name + ".txt").Parse(src); return err }); err != nil {
				return nil, err
			}
		}
		r.html[kind], r.text[kind] = h, t
	}
	return r, nil
}

func (s settings) parse(name string, parse func(string) error) error {
	src, err := fs.ReadFile(templates.FS, name)
	if s.over != nil {
		if own, overErr := fs.ReadFile(s.over, name); overErr == nil {
			src, err = own, nil
		} else if !errors.Is(overErr, fs.ErrNotExist) {
			return fmt.Errorf("read template %s: %w", name, overErr)
		}
	}
	if err != nil {
		return fmt.Errorf("read template %s: %w", name, err)
	}
	if err := parse(string(src)); err != nil {
		return fmt.Errorf("parse template %s: %w", name, err)
	}
	return nil
}

var builtIn = sync.OnceValues(func() (*Renderer, error) { return New() })

// Render renders with the embedded templates.
func Render(d *digest.Digest) (Content, error) {
	r, err := builtIn()
	if err != nil {
		return Content{}, err
	}
	return r.Render(d)
}

// Render executes the templates of the digest's kind. It fails when a template does, when either part shows
// a trace of a mishap, and when the HTML part is over MaxBytes.
func (r *Renderer) Render(d *digest.Digest) (Content, error) {
	p, err := r.parts(page{d.Kind, d.Locale})
	if err != nil {
		return Content{}, err
	}
	page, text := words.Bound{Most: mostWritten}, words.Bound{Most: mostWritten}
	if err := p.html.ExecuteTemplate(&page, "layout", d); err != nil {
		return Content{}, fmt.Errorf("render %s digest of %s: html: %w", d.Kind, d.Recipient.ID, err)
	}
	if err := p.text.ExecuteTemplate(&text, "layout", d); err != nil {
		return Content{}, fmt.Errorf("render %s digest of %s: text: %w", d.Kind, d.Recipient.ID, err)
	}
	c := Content{Subject: d.Subject, Preheader: d.Preheader, HTML: squeeze(page.String()), Text: tidy(text.String())}
	if err := c.check(); err != nil {
		return Content{}, fmt.Errorf("render %s digest of %s: %w", d.Kind, d.Recipient.ID, err)
	}
	return c, nil
}

// parts gives the templates of a kind, in a voice.
func (r *Renderer) parts(of page) (*parts, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.pages[of]; p != nil {
		return p, nil
	}
	h, t := r.html[of.kind], r.text[of.kind]
	if h == nil || t == nil {
		return nil, fmt.Errorf("render: there is no template for a %q digest", of.kind)
	}
	var p parts
	var err error
	if p.html, err = h.Clone(); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	if p.text, err = t.Clone(); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	v := r.book.For(of.locale)
	p.html.Funcs(htmlFuncs(v))
	p.text.Funcs(textFuncs(v))
	r.pages[of] = &p
	return &p, nil
}

// mishaps are what html/template, text/template and fmt leave behind when a value does not fit. Package
// digest sees to it that no foreign name looks like one of them.
var mishaps = regexp.MustCompile(`ZgotmplZ|<no value>|&lt;no value&gt;|%!.?\(|\bNaN\b|<nil>|&lt;nil&gt;`)

// suspects are in every mishap but fmt's: to look for them first takes a fraction of the time.
var suspects = []string{"ZgotmplZ", "no value", "NaN", "nil"}

// suspicious says whether mishaps may find something. Of fmt's %!d( the parenthesis is looked for too: every page has
// "100%!important" in its styles.
func suspicious(text string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "%!")
		if !found {
			break
		}
		_, verb := utf8.DecodeRuneInString(after)
		if strings.HasPrefix(after, "(") || strings.HasPrefix(after[verb:], "(") {
			return true
		}
		rest = after
	}
	return slices.ContainsFunc(suspects, func(s string) bool { return strings.Contains(text, s) })
}

func (c Content) check() error {
	for _, part := range []struct{ name, text string }{{"subject", c.Subject}, {"html", c.HTML}, {"text", c.Text}} {
		if !suspicious(part.text) {
			continue
		}
		if at := mishaps.FindStringIndex(part.text); at != nil {
			from, to := max(0, at[0]-30), min(len(part.text), at[1]+30)
			return fmt.Errorf("%s part: trace of a broken template: …%q…", part.name, part.text[from:to])
		}
	}
	if strings.ContainsAny(c.Subject, "\r\n") {
		return errors.New("subject: has a line break")
	}
	if len(c.HTML) > MaxBytes {
		return fmt.Errorf("html part: %d bytes, at most %d: mail clients would cut it off", len(c.HTML), MaxBytes)
	}
	return nil
}

var blankLines = regexp.MustCompile(`\n[ \t]*(?:\n[ \t]*)+`)

// squeeze drops the lines that template actions leave empty.
func squeeze(s string) string { return blankLines.ReplaceAllString(s, "\n") }

var manyLines = regexp.MustCompile(`\n{3,}`)

// tidy drops trailing spaces, keeps at most one empty line in a row and writes plain spaces.
func tidy(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\u00a0", " "), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Trim(manyLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"), "\n") + "\n"
}
