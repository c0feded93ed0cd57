package main

import (
	"errors"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/mail"
	"drumbeat/internal/render"
	"drumbeat/internal/web"
	"drumbeat/internal/words"
)

var storyGroups = []string{"Managers", "Reps", "Operators"}

// stories are the hand-made cases, each rendered with the config's own templates.
func (b *shelfBook) stories() []web.Story {
	var out []web.Story
	for _, s := range digesttest.Storybook() {
		out = append(out, b.story(s.Name, s.Build))
	}
	slices.SortStableFunc(out, func(a, b web.Story) int {
		return slices.Index(storyGroups, a.Group) - slices.Index(storyGroups, b.Group)
	})
	return out
}

func (b *shelfBook) story(name string, build func(*words.Voice) (*digest.Digest, error)) web.Story {
	kind, title, _ := strings.Cut(strings.ReplaceAll(name, "-", " "), " ")
	if title == "" {
		title = "a usual one"
	}
	return web.Story{Name: name, Title: title, Group: map[string]string{"manager": "Managers", "rep": "Reps", "admin": "Operators"}[kind],
		Mail: func(language string) ([]byte, error) { return b.storyMail(name, language, build) }}
}

// languages are those of the config's own words, English first.
func (b *shelfBook) languages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.renderer == nil {
		return []string{"en"}
	}
	return b.renderer.Languages()
}

func (b *shelfBook) storyMail(name, language string, build func(*words.Voice) (*digest.Digest, error)) ([]byte, error) {
	b.mu.Lock()
	renderer := b.renderer
	b.mu.Unlock()
	if renderer == nil {
		return nil, errors.New("the templates cannot be read; mend the config first")
	}
	if language == "en" { // as everybody reads it of whom no locale is known
		language = ""
	}
	d, err := build(renderer.Voice(language))
	if err != nil {
		return nil, err
	}
	c, err := renderer.Render(d)
	if err != nil {
		return nil, err
	}
	return storyMessage(name, d, c)
}

func storyMessage(name string, d *digest.Digest, c render.Content) ([]byte, error) {
	const domain = "drumbeat.example"
	return mail.Build(mail.Message{
		From: netmail.Address{Name: "Drumbeat", Address: "drumbeat@" + domain}, To: netmail.Address{Name: d.Recipient.Name, Address: "reader@" + domain},
		Subject: c.Subject, Text: c.Text, HTML: c.HTML, MessageID: mail.MessageID("storybook", name, "", "", domain, ""),
		Date: digesttest.AsOf.Add(7 * time.Hour), ListName: "Drumbeat " + d.Schedule, ListID: string(d.Kind) + "." + domain,
		UnsubscribeMail: d.About.Stop,
	})
}
