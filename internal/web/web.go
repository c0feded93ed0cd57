// Package web shows mails to people: preview.go to whoever sets Drumbeat up, everybody's digests as of any day;
// site.go to a reader who has the signed link, the one mail that it names, and lets that reader stop such mails;
// how.go to anybody how the figures are computed; status.go to whoever is on call how the worker is.
// In go finished mails and the ledger's word on those that were sent; out come pages without scripts, in which a
// mail stands in a frame that runs nothing and loads nothing. It refuses every link that it has not signed itself,
// for this purpose, for this mail and for this long, and it never unsubscribes on a GET: scanners follow links.
// Read link.go for what a link holds, pages/ for the looks.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
)

//go:embed pages/*.html pages/page.css
var files embed.FS

// style is in every page, so that none needs a second request; the policy names it by its hash.
var style = func() string {
	css, err := files.ReadFile("pages/page.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return string(css)
}()

var styleHash = func() string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}).ParseFS(files, "pages/*.html"))

// The policies: a page runs no scripts and loads nothing but its frames; a mail does not even have frames.
var (
	pagePolicy = "default-src 'none'; style-src " + styleHash + "; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
)

// guard sets what every answer has: nobody keeps it, finds it, frames it or hears of it.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "private, no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", pagePolicy)
		next.ServeHTTP(w, r)
	})
}

// show writes a page.
func show(w http.ResponseWriter, status int, page string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, page, data); err != nil {
		http.Error(w, "this page is broken: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader who has left needs no answer
}

// notice is a page that says one thing.
type notice struct {
	Title  string
	Lines  []string
	Button *button
}

type button struct{ Do, Label string }

func tell(w http.ResponseWriter, status int, n notice) { show(w, status, "notice", n) }
