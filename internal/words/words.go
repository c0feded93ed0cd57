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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"

	"golang.org/x/text/language"

	"drumbeat/internal/fault"
	"drumbeat/internal/yamlfile"
	"drumbeat/templates"
)

// Book holds the phrases of every language. It may be used by many goroutines.
type Book struct {
	phrases map[string]*template.Template // by language; "" are those for all
	ours    map[string]bool               // the names that are known
	uses    map[string]*uses              // what our own phrases are made of
	places  map[string]place              // of the phrases that a company has defined, by language and name
	mu      sync.Mutex
	voices  map[string]*Voice // by locale
}

// place is where a phrase is defined.
type place struct {
	file string
	line int
}

func (b *Book) placeOf(lang, phrase string) place { return b.places[lang+" "+phrase] }

// english is the language of our own phrases.
const english = "en"

// file is one of phrases.
type file struct{ name, lang, src string }

var fileName = regexp.MustCompile(`^words(?:-([a-z0-9-]*))?(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?\.txt$`)

// Load parses our phrases, and lays over them those of a folder (nil: none): words.txt and words-*.txt for every
// reader, words.de.txt and words-*.de.txt for those whose locale is German. A phrase that a file does not define stays
// as it is. The error is a fault.List of all that is wrong, with the files' names in the folder.
func Load(over fs.FS) (*Book, error) {
	b := &Book{phrases: map[string]*template.Template{}, ours: map[string]bool{}, uses: map[string]*uses{}, places: map[string]place{}, voices: map[string]*Voice{}}
	base := template.New("words").Funcs((&Voice{}).funcs()).Option("missingkey=error")
	b.phrases[""] = base
	files, faults := read(templates.FS)
	for _, f := range files {
		faults = append(faults, b.define(base, f, true)...)
	}
	if len(faults) > 0 || over == nil {
		return b, faults.Err()
	}
	for name := range b.ours {
		b.uses[name] = usesOf(base.Lookup(name))
	}
	files, faults = read(over)
	for _, f := range files { // those for everybody come first, then each language before its regions
		t, err := b.in(f.lang)
		if err != nil {
			return nil, err
		}
		faults = append(faults, b.define(t, f, false)...)
	}
	if len(faults) == 0 {
		faults = b.checkNames()
	}
	return b, faults.Err()
}

// in gives the phrases of a language, which begin as those of the language that comes nearest.
func (b *Book) in(lang string) (*template.Template, error) {
	if t := b.phrases[lang]; t != nil {
		return t, nil
	}
	t, err := b.phrases[b.spoken(language.Make(lang))].Clone()
	b.phrases[lang] = t
	return t, err
}

// read gives the files of phrases in a folder, by language and name.
func read(in fs.FS) (files []file, faults fault.List) {
	names, err := fs.Glob(in, "words*.txt")
	if err != nil {
		return nil, fault.List{{File: ".", What: err.Error()}}
	}
	for _, name := range names {
		m := fileName.FindStringSubmatch(name)
		if m == nil {
			faults = append(faults, fault.Fault{File: name, What: "the name fits no file of phrases", Hint: "write words.txt, words-NAME.txt, or words.de.txt for German"})
			continue
		}
		if tag, err := language.Parse(m[1]); err == nil && len(m[1]) == 2 {
			faults = append(faults, fault.Fault{File: name, What: "speaks to every reader, whatever their language", Hint: "for one language write words." + tag.String() + ".txt"})
			continue
		}
		tag, err := parseTag(m[2])
		if m[2] != "" && err != nil {
			faults = append(faults, fault.Fault{File: name, What: fmt.Sprintf("%q is no language", m[2]), Hint: "name it as words.de.txt for German"})
			continue
		}
		src, err := fs.ReadFile(in, name)
		if err != nil {
			faults = append(faults, fault.Fault{File: name, What: err.Error()})
			continue
		}
		f := file{name: name, src: string(src)}
		if m[2] != "" {
			f.lang = tag.String()
		}
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(x, y file) int {
		return cmp.Or(cmp.Compare(depth(x.lang), depth(y.lang)), cmp.Compare(x.lang, y.lang))
	})
	return files, faults
}

// depth is how many languages stand behind one: de-AT begins from de, zh-HK from zh-Hant.
func depth(lang string) (n int) {
	if lang == "" {
		return 0
	}
	for tag := language.Make(lang); tag != language.Und; tag = tag.Parent() {
		n++
	}
	return n
}

// parseTag reads a BCP 47 tag; no and nb are one language.
func parseTag(s string) (language.Tag, error) {
	tag, err := language.Parse(s)
	if err != nil {
		return tag, err
	}
	return (language.Macro | language.DeprecatedBase).Canonicalize(tag)
}

var parseError = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: (.*)`)

// define parses a file of phrases, of ours or a company's. Text outside a define would never be said, nor would a
// company's phrase that is none of ours; and what is defined twice or without a word is not what its writer thinks.
func (b *Book) define(t *template.Template, f file, ours bool) (faults fault.List) {
	wrong := func(line int, what, hint string) {
		faults = append(faults, fault.Fault{File: f.name, Line: line, What: what, Hint: hint})
	}
	own, err := template.New(f.name).Funcs((&Voice{}).funcs()).Parse(f.src)
	if err != nil {
		what, line := err.Error(), 0
		if m := parseError.FindStringSubmatch(what); m != nil {
			line, _ = strconv.Atoi(m[1]) // digits
			what = m[2]
		}
		wrong(line, what, "")
		return faults
	}
	if own.Tree != nil && !parse.IsEmptyTree(own.Root) {
		wrong(0, "there is text outside {{define}}", "nobody would read it")
	}
	lines := map[string]int{} // of the defines
	for i, line := range strings.Split(f.src, "\n") {
		for _, m := range defined.FindAllStringSubmatch(line, -1) {
			lines[m[1]] = i + 1
		}
	}
	for _, phrase := range own.Templates() {
		name := phrase.Name()
		before := b.placeOf(f.lang, name)
		switch {
		case name == f.name: // the file itself
		case ours && b.ours[name] || before.file != "":
			wrong(lines[name], fmt.Sprintf("%q is defined twice", name), before.file+" does already")
		case ours:
			b.ours[name] = true
		case !b.ours[name]:
			wrong(lines[name], fmt.Sprintf("no digest says %q", name), b.suggest(name))
		case phrase.Tree == nil || parse.IsEmptyTree(phrase.Root):
			wrong(lines[name], fmt.Sprintf("%q says nothing", name), "the sentence would stay as it was; write other words")
		default:
			b.places[f.lang+" "+name] = place{f.name, lines[name]}
			for _, what := range b.mistakes(phrase) {
				wrong(lines[name], fmt.Sprintf("phrase %q: %s", name, what), "")
			}
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if _, err := t.New(f.name).Parse(f.src); err != nil { // under the file's name, so that faults have a place
		wrong(0, err.Error(), "")
	}
	return faults
}

// suggest names the phrase that is likely meant; all of them would be a page.
func (b *Book) suggest(name string) string {
	if s := yamlfile.Suggest(name, b.Names()); strings.HasPrefix(s, "did you mean") {
		return s
	}
	return "the phrases are those of templates/words*.txt"
}

var defined = regexp.MustCompile(`\{\{-?\s*define\s+"([^"]+)"`)

// fixed are the phrases that a voice needs before it says anything else, with the number of their names.
var fixed = map[string]int{"months": 12, "months.short": 12, "weekdays": 7, "and": 1}

// checkNames looks whether every language has as many months and days as the year and the week, and an and.
func (b *Book) checkNames() (faults fault.List) {
	for _, lang := range slices.Sorted(maps.Keys(b.phrases)) {
		for _, name := range slices.Sorted(maps.Keys(fixed)) {
			at := b.placeOf(lang, name)
			if at.file == "" {
				continue
			}
			f := fault.Fault{File: at.file, Line: at.line}
			var out strings.Builder
			err := b.phrases[lang].ExecuteTemplate(&out, name, nil)
			switch n := len(strings.Split(out.String(), "|")); {
			case err != nil:
				f.What = phraseError(name, nil, err).Error()
			case n != fixed[name]:
				f.What, f.Hint = fmt.Sprintf("%q needs %d names and has %d", name, fixed[name], n), "write | between them"
			default:
				continue
			}
			faults = append(faults, f)
		}
	}
	return faults
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

// Own counts the phrases that a company has defined in a language, those for everybody with it; all of all is the
// number of Names.
func (b *Book) Own(lang string) (n int) {
	for name := range b.ours {
		own := b.placeOf("", name).file != ""
		for tag := language.Make(lang); !own && tag != language.Und; tag = tag.Parent() {
			own = b.placeOf(tag.String(), name).file != ""
		}
		if own {
			n++
		}
	}
	return n
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
	if err != nil { // cannot happen: Load has tried all that a voice begins with
		panic(err)
	}
	b.voices[locale] = v
	return v
}

func (b *Book) voice(locale string) (*Voice, error) {
	tag, err := parseTag(locale)
	if err != nil {
		locale, tag = "", language.English
	}
	spoken := b.spoken(tag)
	if spoken == "" {
		spoken = b.spoken(language.English)
	}
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
