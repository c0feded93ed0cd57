package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

// Archive is what the ledger knows about mails that were made, and who wants no more of them.
type Archive interface {
	Find(ctx context.Context, hash string) (*ledger.Delivery, error)
	HasOptedOut(ctx context.Context, address, kind string) (bool, error)
	OptOut(ctx context.Context, address, kind string) error
	OptIn(ctx context.Context, address, kind string) error
	Reachable(ctx context.Context) error
}

// Site is what readers reach while `serve` runs: the archive and the opt-out, by signed links only, and how
// figures are computed; and for whoever watches the process /healthz (it runs), /readyz (its ledger answers),
// /metrics and /status, at the root alone: a proxy that hands on the links' path does not hand them on.
type Site struct {
	Archive Archive
	Links   *Links        // nil: there are no links, and every path of theirs is not found
	Keep    time.Duration // how long mails can be shown
	Contact string        // a mail address that answers readers
	Metrics http.Handler  // answers /metrics; nil: not found
	Status  http.Handler  // answers /status; nil: not found
	Now     func() time.Time
	Log     *slog.Logger
}

// Handler serves the site, at its root and below the path of the links' base URL: a proxy may or may not cut it off.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { tell(w, http.StatusNotFound, nothingHere) })
	if s.Status != nil {
		mux.Handle("GET /status", s.Status)
		mux.HandleFunc("GET /{$}", toStatus)
	}
	if s.Links == nil {
		return guard(mux)
	}
	var below string
	if u, err := url.Parse(s.Links.base); err == nil {
		below = u.Path
	}
	for _, root := range []string{"", below} {
		mux.HandleFunc("GET "+root+"/"+forHow, how)
		mux.HandleFunc("GET "+root+"/"+forView+"/{token}", s.view)
		mux.HandleFunc("GET "+root+"/"+forStop+"/{token}", s.askToStop)
		mux.HandleFunc("POST "+root+"/"+forStop+"/{token}", s.stop)
		if below == "" {
			break
		}
	}
	return guard(mux)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // a reader who has left needs no answer
}

// ready says whether the ledger answers. What is wrong goes to the log: it is nobody else's business.
func (s *Site) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.Archive.Reachable(ctx); err != nil {
		s.Log.Warn("not ready", "error", err)
		plain(w, http.StatusServiceUnavailable, "the state database does not answer\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

var (
	nothingHere = notice{Title: "There is nothing here", Lines: []string{"Drumbeat shows a mail only to whoever has the link in it."}}
	badLink     = notice{Title: "This link does not work", Lines: []string{
		"Perhaps a part of it was lost on the way. Open the mail again and use the link as it stands there."}}
	trouble = notice{Title: "That did not work just now", Lines: []string{
		"Nothing was changed. Please try the same link again in a few minutes."}}
)

// mailOf gives the mail that the request's link names, or answers the request and gives nil.
func (s *Site) mailOf(w http.ResponseWriter, r *http.Request, purpose string) *ledger.Delivery {
	hash, err := s.Links.open(purpose, r.PathValue("token"), s.Now())
	switch {
	case errors.Is(err, errExpired):
		tell(w, http.StatusGone, notice{Title: "This link has expired", Lines: []string{
			"Links in a mail work for a limited time. A newer mail has a newer link.", s.contact()}})
		return nil
	case err != nil:
		tell(w, http.StatusNotFound, badLink)
		return nil
	}
	d, err := s.Archive.Find(r.Context(), hash)
	switch {
	case errors.Is(err, ledger.ErrNotFound): // made to be looked at, never recorded
		tell(w, http.StatusNotFound, notice{Title: "This mail was never sent", Lines: []string{
			"It was made to be looked at, so the archive does not have it, and there is nothing to stop."}})
		return nil
	case err != nil:
		s.fail(w, err)
		return nil
	case purpose == forStop && d.Recipient == "": // nobody knows any more whose it was
		tell(w, http.StatusGone, notice{Title: "This mail is no longer known", Lines: []string{
			"Everything about its reader was removed from Drumbeat, so there is nothing to stop here. A newer mail has a link of its own.", s.contact()}})
		return nil
	}
	return d
}

func (s *Site) fail(w http.ResponseWriter, err error) {
	s.Log.Error("a reader's link could not be served", "error", err)
	tell(w, http.StatusServiceUnavailable, trouble)
}

// view shows the HTML part as it was sent.
func (s *Site) view(w http.ResponseWriter, r *http.Request) {
	d := s.mailOf(w, r, forView)
	if d == nil {
		return
	}
	if len(d.Body) == 0 {
		tell(w, http.StatusGone, notice{Title: "This mail is no longer kept", Lines: []string{
			"It was sent for " + d.Date.UTC().Format("2 January 2006") + ". Mails are kept for " + days(s.Keep) +
				" and then emptied; only the fact that they were sent remains.", s.contact()}})
		return
	}
	parts, err := mail.Read(d.Body)
	if err != nil {
		s.fail(w, err)
		return
	}
	// It may be followed out of, and runs nothing.
	w.Header().Set("Content-Security-Policy", mailPolicy+"frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(parts.HTML)) // a reader who has left needs no answer
}

// askToStop says what there is to stop, or that it is stopped. It changes nothing: scanners follow links.
func (s *Site) askToStop(w http.ResponseWriter, r *http.Request) {
	d := s.mailOf(w, r, forStop)
	if d == nil {
		return
	}
	out, err := s.Archive.HasOptedOut(r.Context(), d.Recipient, d.Kind)
	if err != nil {
		s.fail(w, err)
		return
	}
	if out {
		tell(w, http.StatusOK, stopped(d))
		return
	}
	tell(w, http.StatusOK, notice{Title: "Stop " + these(d.Kind) + "?", Lines: []string{
		"No more " + kindWords(d.Kind) + " will go to " + d.Recipient + ", not even one that is on its way.",
		"Other mails that this address gets from Drumbeat keep coming; each has a link of its own."},
		Button: &button{Do: "stop", Label: "Stop " + these(d.Kind)}})
}

// stop opts out (the button, or a mail program's one click by RFC 8058, which must not be redirected), or takes
// it back.
func (s *Site) stop(w http.ResponseWriter, r *http.Request) {
	d := s.mailOf(w, r, forStop)
	if d == nil {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	change, after := s.Archive.OptOut, stopped(d)
	switch {
	case r.PostFormValue("List-Unsubscribe") == "One-Click" || r.PostFormValue("do") == "stop":
	case r.PostFormValue("do") == "undo":
		change, after = s.Archive.OptIn, resumed(d)
	default:
		tell(w, http.StatusBadRequest, notice{Title: "Nothing was changed", Lines: []string{"Open the link in the mail and use the button."}})
		return
	}
	if err := change(r.Context(), d.Recipient, d.Kind); err != nil {
		s.fail(w, err)
		return
	}
	out, err := s.Archive.HasOptedOut(r.Context(), d.Recipient, d.Kind)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.Log.Info("a reader's choice", "delivery", d.ID, "kind", d.Kind, "opted_out", out)
	if out && after.Button.Do == "stop" { // an opt-out of everything is not the reader's to take back here
		after = notice{Title: "Still stopped", Lines: []string{"All mails from Drumbeat to " + d.Recipient + " were stopped by whoever runs it in your company.", s.contact()}}
	}
	tell(w, http.StatusOK, after)
}

func stopped(d *ledger.Delivery) notice {
	return notice{Title: "Stopped", Lines: []string{"No more " + kindWords(d.Kind) + " go to " + d.Recipient + ".",
		"Was that not what you wanted? You can have them back at once."}, Button: &button{Do: "undo", Label: "Send me " + these(d.Kind) + " again"}}
}

func resumed(d *ledger.Delivery) notice {
	return notice{Title: "They come again", Lines: []string{"The next of " + these(d.Kind) + " goes to " + d.Recipient + " at its usual time.",
		"What was stopped in between is not sent any more."}, Button: &button{Do: "stop", Label: "Stop " + these(d.Kind)}}
}

// kindWords is what a reader calls a kind of digest; these is the same with an article.
func kindWords(kind string) string {
	words := map[string]string{"manager": "team digests", "rep": "summaries of your own deals", "admin": "reports on how Drumbeat runs"}[kind]
	if words == "" {
		return "digests of this kind"
	}
	return words
}

func these(kind string) string { return "the " + kindWords(kind) }

// contact says whom to ask; empty where nobody is named.
func (s *Site) contact() string {
	if s.Contact == "" {
		return ""
	}
	return "If you need more, write to " + s.Contact + "."
}

// days says a time in days, or in hours where it is shorter than one.
func days(d time.Duration) string {
	n, unit := int(d.Hours()/24), "day"
	if n == 0 {
		n, unit = int(d.Hours()), "hour"
	}
	if n != 1 {
		unit += "s"
	}
	return strings.Join([]string{strconv.Itoa(n), unit}, " ")
}
