// Package templates embeds the words and the look of the digests. A folder named in the config may replace
// any of these files. It holds nothing but the files: package render knows what to do with them.
// Read layout.html first, then the digest's own file.
package templates

import "embed"

// FS holds every template.
//
//go:embed *.html *.txt
var FS embed.FS
