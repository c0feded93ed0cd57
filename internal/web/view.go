package web

import (
	"fmt"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"

	"drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
)

// choice is what a preview page shows, as its address says it.
type choice struct {
	On           pipeline.Date
	Schedule, To string // whose digest
	Story        string // or a case of the storybook
	Language     string // that the case is told in; empty: English
	Query        string // whom somebody searches
	As           string // html, text, source or headers
	Width        string // 375, 700 or both
	Look         string // light, dark or both
}

func choose(q url.Values, first pipeline.Date) (choice, error) {
	c := choice{On: first, Schedule: q.Get("schedule"), To: q.Get("to"), Story: q.Get("story"), Language: q.Get("language"), Query: strings.TrimSpace(q.Get("q")),
		As:    oneOf(q.Get("as"), "html", "text", "source", "headers"),
		Width: oneOf(q.Get("width"), "700", "375", "both"), Look: oneOf(q.Get("look"), "light", "dark", "both")}
	given := q.Get("on")
	if given == "" {
		return c, nil
	}
	day, err := pipeline.ParseDate(given)
	if err != nil {
		return c, fmt.Errorf("%q is not in the calendar", given)
	}
	if y, _, _ := day.YMD(); y < 1970 || y > 2200 {
		return c, fmt.Errorf("%s is further away than any pipeline", day)
	}
	c.On = day
	return c, nil
}

// oneOf gives the word where it is one of those, else the first of them.
func oneOf(word string, words ...string) string {
	if slices.Contains(words, word) {
		return word
	}
	return words[0]
}

// Speaks says whether the case is told in this language.
func (c choice) Speaks(language string) bool {
	return c.Language == language || c.Language == "" && language == "en"
}

// URL is the address of a page that shows the choice, with some of it changed: pairs of a name and a value.
func (c choice) URL(path string, pairs ...string) string {
	q := url.Values{}
	for name, value := range map[string]string{"on": c.On.String(), "schedule": c.Schedule, "to": c.To, "story": c.Story, "language": c.Language, "q": c.Query,
		"as": c.As, "width": c.Width, "look": c.Look} {
		q.Set(name, value)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	for name, usual := range map[string]string{"as": "html", "width": "700", "look": "light", "language": "en"} {
		if q.Get(name) == usual {
			q.Del(name)
		}
	}
	for name := range q {
		if q.Get(name) == "" {
			q.Del(name)
		}
	}
	return path + "?" + q.Encode()
}

// Home is the page of all digests of the day.
func (c choice) Home() string { return choice{On: c.On, Query: c.Query}.URL("/") }

// Book is the page of all stories.
func (c choice) Book() string { return choice{On: c.On, Language: c.Language}.URL("/stories") }

// Week is Home some weeks away.
func (c choice) Week(weeks int) string {
	return choice{On: c.On + pipeline.Date(7*weeks), Query: c.Query}.URL("/")
}

// Frame is one way to look at a mail.
type frame struct{ URL, Width, Look string }

// Frames are the ways that are chosen.
func (c choice) Frames() (out []frame) {
	for _, width := range []string{"375", "700"} {
		for _, look := range []string{"light", "dark"} {
			if (c.Width == width || c.Width == "both") && (c.Look == look || c.Look == "both") {
				out = append(out, frame{URL: c.URL("/frame", "look", look), Width: width, Look: look})
			}
		}
	}
	return out
}

type shelf struct {
	Shelf
	Entries []entry // who gets one
	None    []entry // who gets none
}

type entry struct {
	Entry
	URL  string
	Here bool
}

// arrange puts those whom the search names on their shelves, who gets none apart.
func arrange(all []Shelf, c choice) []shelf {
	var out []shelf
	for _, s := range all {
		v := shelf{Shelf: s}
		for _, e := range s.Entries {
			if !matches(e, c.Query) {
				continue
			}
			here := c.Schedule == s.Schedule && c.To == e.ID
			item := entry{Entry: e, URL: c.URL("/mail", "schedule", s.Schedule, "to", e.ID, "story", ""), Here: here}
			if e.Skip != "" {
				v.None = append(v.None, item)
			} else {
				v.Entries = append(v.Entries, item)
			}
		}
		out = append(out, v)
	}
	return out
}

// matches says whether every word of a search stands somewhere in what one knows about a person.
func matches(e Entry, query string) bool {
	fold := cases.Fold()
	known := fold.String(strings.Join([]string{e.ID, e.Name, e.Address, e.Team}, " "))
	for _, word := range strings.Fields(fold.String(query)) {
		if !strings.Contains(known, word) {
			return false
		}
	}
	return true
}

// group is a kind of stories.
type group struct {
	Name    string
	Stories []entry
}

func (p *Preview) groups(c choice) (out []group) {
	for _, s := range p.Stories {
		i := slices.IndexFunc(out, func(g group) bool { return g.Name == s.Group })
		if i < 0 {
			i = len(out)
			out = append(out, group{Name: s.Group})
		}
		out[i].Stories = append(out[i].Stories, entry{Entry: Entry{ID: s.Name, Name: s.Title},
			URL: c.URL("/mail", "story", s.Name, "schedule", "", "to", "", "q", ""), Here: s.Name == c.Story})
	}
	return out
}

// opened is one mail on its page.
type opened struct {
	choice
	Entry                       *entry // of a person; nil: a story
	From, Receive               netmail.Address
	Subject, Date, Text, Source string
	Fields                      []mail.Field
	Bytes                       int    // of the HTML part
	Before, After               string // the pages of the neighbours; empty: there is none
}

// read takes the message apart.
func (o *opened) read(raw []byte) error {
	parts, err := mail.Read(raw)
	if err != nil {
		return err
	}
	for _, a := range []struct {
		field string
		into  *netmail.Address
	}{{"From", &o.From}, {"To", &o.Receive}} {
		if read, err := netmail.ParseAddress(parts.Raw(a.field)); err == nil {
			*a.into = *read
		}
	}
	o.Subject, o.Date, o.Text, o.Source, o.Fields = parts.Field("Subject"), parts.Field("Date"), parts.Text, string(raw), parts.Fields
	o.Bytes = len(parts.HTML)
	return nil
}

// Size is how much of what mail clients show before they cut a mail off is used.
func (o *opened) Size() string {
	return fmt.Sprintf("%d kB of HTML; mail clients cut off at 102", (o.Bytes+999)/1000)
}

// turn finds the neighbours.
func (o *opened) turn(all []shelf, stories []Story) {
	var urls []string
	here := -1
	if o.Story != "" {
		for i, s := range stories {
			urls = append(urls, o.URL("/mail", "story", s.Name))
			if s.Name == o.Story {
				here = i
			}
		}
	}
	for _, s := range all {
		for _, e := range s.Entries {
			if e.Here {
				here = len(urls)
			}
			urls = append(urls, e.URL)
		}
	}
	if here > 0 {
		o.Before = urls[here-1]
	}
	if here >= 0 && here+1 < len(urls) {
		o.After = urls[here+1]
	}
}

// inWords is a day as one says it.
func inWords(d pipeline.Date) string { return d.Start(time.UTC).Format("Monday, 2 January 2006") }
