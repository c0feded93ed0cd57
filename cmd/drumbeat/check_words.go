package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"drumbeat/internal/config"
	"drumbeat/internal/words"
)

// tellWords says in whose words digests are, language by language: what a company's files leave out is in English.
func tellWords(b *strings.Builder, cfg *config.Config) error {
	readers := map[string]int{} // by locale
	for _, p := range cfg.People {
		if p.Locale != "" {
			readers[p.Locale]++
		}
	}
	var over fs.FS
	if cfg.Templates != "" {
		root, err := os.OpenRoot(cfg.Templates)
		if err != nil {
			return err
		}
		defer func() { _ = root.Close() }() // it was only read from
		over = root.FS()
	}
	if over == nil && len(readers) == 0 {
		return nil
	}
	book, err := words.Load(over)
	if err != nil {
		return err
	}
	all, spoken := len(book.Names()), map[string]int{}
	var lines []string
	for _, locale := range slices.Sorted(maps.Keys(readers)) {
		v := book.For(locale)
		spoken[v.Language()] += readers[locale]
		if v.Language() == "en" && !strings.HasPrefix(locale, "en") {
			lines = append(lines, fmt.Sprintf("%s: no file of phrases; %s English, with numbers and dates as there", locale, people(readers[locale], "reads", "read")))
		}
	}
	for _, lang := range book.Languages() {
		switch own := book.Own(lang); {
		case lang == "en" && own > 0:
			lines = append(lines, fmt.Sprintf("en: %d of %d phrases are your own", own, all))
		case lang == "en":
		case own < all:
			lines = append(lines, fmt.Sprintf("%s: %d of %d phrases, the others are in English; %s", lang, own, all, people(spoken[lang], "reads it", "read it")))
		default:
			lines = append(lines, fmt.Sprintf("%s: all %d phrases; %s", lang, all, people(spoken[lang], "reads it", "read it")))
		}
	}
	head := "words      "
	for _, line := range lines {
		b.WriteString(head + line + "\n")
		head = "           "
	}
	return nil
}

func people(n int, one, many string) string {
	if n == 1 {
		return "1 person " + one
	}
	return fmt.Sprintf("%d people %s", n, many)
}
