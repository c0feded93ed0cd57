// Package words holds every sentence of a digest. In go the files templates/words*.txt, and those that a company lays
// over them, in as many languages as it likes; out comes a Voice for each reader: its language, with numbers and
// dates in the reader's format. It refuses files that do not parse, and a phrase that nobody would ever say.
// Read templates/words.txt for the phrases, package digest for who says them.
package words

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"sync"
	"text/template"
	"text/template/parse"

	"golang.org/x/text/language"

	"drumbeat/templates"
)

// Book holds the phrases of every language. It may be used by many goroutines.
type Book struct {
	phrases map[string]*template.Template // by language; "" are those for all
	ours    map[string]bool               // the names that are known
	mu      sync.Mutex
	voices  map[string]*Voice // by locale
}

// english is the language of our own phrases.
const english = "en"

var fileName = regexp.MustCompile(`^words[a-z0-9-]*(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?\.txt$`)

// Load parses our phrases, and lays over them those of a folder (nil: none): words.txt and words-*.txt for every
// reader, words.de.txt and words-*.de.txt for those whose locale is German. A phrase that a file does not define stays
// as it is. The error names the file.
func Load(over fs.FS) (*Book, error) {
	b := &Book{phrases: map[string]*template.Template{}, ours: map[string]bool{}, voices: map[string]*Voice{}}
	base := template.New("words").Funcs((&Voice{}).funcs()).Option("missingkey=error")
	if err := each(templates.FS, func(name, _, src string) error { return b.define(base, name, src, true) }); err != nil {
		return nil, err
	}
	b.phrases[""] = base
	if over != nil {
		if err := b.overlay(over); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// overlay parses the files for everybody before those of a language, which begin from them.
func (b *Book) overlay(over fs.FS) error {
	byLanguage := map[string][][2]string{}
	if err := each(over, func(name, lang, src string) error {
		if lang != "" {
			tag, err := language.Parse(lang)
			if err != nil {
				return fmt.Errorf("template %s: %q is no language; name it as words.de.txt", name, lang)
			}
			lang = tag.String()
		}
		byLanguage[lang] = append(byLanguage[lang], [2]string{name, src})
		return nil
	}); err != nil {
		return err
	}
	for _, lang := range slices.Sorted(maps.Keys(byLanguage)) { // "" comes first
		t := b.phrases[""]
		if lang != "" {
			var err error
			if t, err = b.phrases[b.spoken(language.Make(lang))].Clone(); err != nil {
				return err
			}
			b.phrases[lang] = t
		}
		for _, file := range byLanguage[lang] {
			if err := b.define(t, file[0], file[1], false); err != nil {
				return err
			}
		}
	}
	return nil
}

// each calls f with every file of phrases in a folder, by name.
func each(in fs.FS, f func(name, lang, src string) error) error {
	names, err := fs.Glob(in, "words*.txt")
	if err != nil {
		return fmt.Errorf("look for templates: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		m := fileName.FindStringSubmatch(path.Base(name))
		if m == nil {
			return fmt.Errorf("template %s: the name fits no file of phrases; write words.txt, words-NAME.txt, or words.de.txt for German", name)
		}
		src, err := fs.ReadFile(in, name)
		if err != nil {
			return fmt.Errorf("read template %s: %w", name, err)
		}
		if err := f(name, m[1], string(src)); err != nil {
			return err
		}
	}
	return nil
}

// define parses a file of phrases, of ours or a company's. Text outside a define would never be said, nor would a
// company's phrase that is none of ours.
func (b *Book) define(t *template.Template, name, src string, ours bool) error {
	own, err := template.New(name).Funcs((&Voice{}).funcs()).Parse(src)
	if err != nil {
		return fmt.Errorf("parse template %s: %w", name, err)
	}
	if own.Tree != nil && !parse.IsEmptyTree(own.Root) {
		return fmt.Errorf("parse template %s: there is text outside {{define}}; nobody would read it", name)
	}
	for _, phrase := range own.Templates() {
		switch known := b.ours[phrase.Name()]; {
		case phrase.Name() == name: // the file itself
		case ours && known:
			return fmt.Errorf("parse template %s: %q is defined twice", name, phrase.Name())
		case ours:
			b.ours[phrase.Name()] = true
		case !known:
			return fmt.Errorf("parse template %s: no digest says %q; the phrases are those of templates/words*.txt", name, phrase.Name())
		}
	}
	if _, err := t.New(name).Parse(src); err != nil { // under the file's name, so that faults have a place
		return fmt.Errorf("parse template %s: %w", name, err)
	}
	return nil
}

// Languages are those that the book speaks, English first.
func (b *Book) Languages() []string {
	out := []string{english}
	for lang := range b.phrases {
		if lang != "" && lang != english {
			out = append(out, lang)
		}
	}
	slices.Sort(out[1:])
	return out
}

// Names are the phrases, sorted.
func (b *Book) Names() []string { return slices.Sorted(maps.Keys(b.ours)) }

// For gives the voice of a reader's locale, a BCP 47 tag. Without one, and where it is none, a digest is in English,
// with 1,382 and 71 % and 3 October. A language that the book does not speak is spoken to in English, with the numbers
// and dates of its own.
func (b *Book) For(locale string) *Voice {
	b.mu.Lock()
	defer b.mu.Unlock()
	if v := b.voices[locale]; v != nil {
		return v
	}
	v, err := b.voice(locale)
	if err != nil { // cannot happen: what is cloned has never been executed
		panic(err)
	}
	b.voices[locale] = v
	return v
}

func (b *Book) voice(locale string) (*Voice, error) {
	tag, err := language.Parse(locale)
	if err != nil {
		locale, tag = "", language.English
	}
	spoken := b.spoken(tag)
	t, err := b.phrases[spoken].Clone()
	if err != nil {
		return nil, err
	}
	return newVoice(t, locale, tag, cmp.Or(spoken, english))
}

// spoken is the language that comes nearest to a tag: de-AT before de; "" where there is none.
func (b *Book) spoken(tag language.Tag) string {
	for ; tag != language.Und; tag = tag.Parent() {
		if b.phrases[tag.String()] != nil {
			return tag.String()
		}
	}
	return ""
}

var ours = sync.OnceValues(func() (*Book, error) { return Load(nil) })

// Default is the voice of our own phrases for readers of whom no locale is known.
func Default() *Voice {
	b, err := ours()
	if err != nil { // the files are part of the program; a test says every phrase
		panic(errors.Join(errors.New("words"), err))
	}
	return b.For("")
}
