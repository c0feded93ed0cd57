// Package docs embeds those pages of the documentation that readers of a digest get to see. It holds nothing but the
// pages: package web shows them.
// Read metrics.md first.
package docs

import _ "embed"

// Metrics says what every figure is, in Markdown.
//
//go:embed metrics.md
var Metrics []byte
