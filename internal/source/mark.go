package source

import (
	"regexp"
	"slices"
)

// presetMark stands in a query of the config's for the one that its preset has.
const presetMark = "{preset}"

// passages are what a query says, mark by mark: comments, literals and quoted names as a whole, in which a mark is none.
var passages = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\{preset\}`)

func usesPreset(query string) bool {
	return slices.Contains(passages.FindAllString(query, -1), presetMark)
}

// withPreset puts the preset's query in place of its mark.
func withPreset(query, preset string) string {
	return passages.ReplaceAllStringFunc(query, func(p string) string {
		if p == presetMark {
			return preset
		}
		return p
	})
}
