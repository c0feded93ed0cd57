// Package templates embeds the words and the look of the digests. A folder named in the config may say any phrase of
// words*.txt otherwise, and replace any other of these files. It holds nothing but the files: packages words and render
// know what to do with them. Read words.txt and layout.html first, then the digest's own files.
package templates

import "embed"

// FS holds every template.
//
//go:embed *.html *.txt
var FS embed.FS
