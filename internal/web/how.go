package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"drumbeat/docs"
)

// forHow is the page that says how every figure is computed. It holds nobody's data, so it needs no signature.
const forHow = "how"

// How is the link to the page that says how the figures of a mail are computed.
func (l *Links) How() string { return l.base + "/" + forHow }

// metricsPage is docs/metrics.md as a page. It is ours: nothing in it comes from a database.
var metricsPage = sync.OnceValues(func() (template.HTML, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	var b bytes.Buffer
	if err := md.Convert(docs.Metrics, &b); err != nil {
		return "", fmt.Errorf("show docs/metrics.md: %w", err)
	}
	// A wide table scrolls by itself, with the keyboard too.
	page := strings.NewReplacer("<table>", `<div class="wide" tabindex="0" role="group" aria-label="table"><table>`, "</table>", "</table></div>").Replace(b.String())
	return template.HTML(page), nil
})

func how(w http.ResponseWriter, _ *http.Request) {
	page, err := metricsPage()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	show(w, http.StatusOK, "how", page)
}
