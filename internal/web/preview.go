package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
	"drumbeat/templates"
)

// Book gives everybody's digests as of a day, a shelf for each schedule. It may take its time and remembers.
type Book interface {
	On(ctx context.Context, day pipeline.Date) ([]Shelf, error)
}

// Shelf holds one schedule's digests of the last tick before the day is over.
type Shelf struct {
	Schedule, Kind string
	When           string // in words: of which window, when it is sent
	Entries        []Entry
	Err            error // why there is nothing on the shelf
}

// Entry is one person's digest; Skip or Err say why there is none.
type Entry struct {
	ID, Name, Address, Team  string
	Subject, Preheader, Skip string
	Err                      error
	Mail                     func() ([]byte, error) // the message, made again whenever it is asked for
}

// Story is a mail made by hand, to see what a digest does in a hard case.
type Story struct {
	Name, Group, Title string
	Mail               func(language string) ([]byte, error) // empty: English
}

// Preview is the page for whoever sets Drumbeat up. It sends nothing and writes nothing.
type Preview struct {
	Book               Book
	Stories            []Story
	Languages          func() []string // in which the stories can be told, English first
	Day                pipeline.Date   // shown first
	Username, Password string          // asked for where there is a username
	OnlyLocal          bool            // it listens on loopback: a browser that was sent here under another name is refused
	Log                *slog.Logger
}

// Handler serves it.
func (p *Preview) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.overview)
	mux.HandleFunc("GET /stories", p.storybook)
	mux.HandleFunc("GET /mail", p.mail)
	mux.HandleFunc("GET /frame", p.frame)
	mux.HandleFunc("GET /mail.eml", p.eml)
	mux.HandleFunc("GET /"+forHow, how)
	mux.HandleFunc("GET /words/{file}", phrases)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.fault(w, r, http.StatusNotFound, "There is no such page", "Go back to the digests, or to the storybook.")
	})
	return guard(p.admit(mux))
}

// admit lets in whoever may see everybody's digests.
func (p *Preview) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.OnlyLocal && !isLocal(r.Host) {
			http.Error(w, "drumbeat preview: open it as http://127.0.0.1 or http://localhost", http.StatusMisdirectedRequest)
			return
		}
		if !knows(r, p.Username, p.Password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Drumbeat preview", charset="UTF-8"`)
			tell(w, http.StatusUnauthorized, notice{Title: "Who are you?", Lines: []string{"Name and password are those of web.auth in the config."}})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal keeps out other sites' names that were made to lead here (DNS rebinding).
func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// knows says whether a request may be answered: it brings the name and the password, or none are asked for.
func knows(r *http.Request, username, password string) bool {
	given, secret, _ := r.BasicAuth()
	return username == "" || same(given, username)&same(secret, password) == 1
}

// same is 1 where both are the same, and takes as long where they are not.
func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// page is what the preview's templates show.
type page struct {
	choice
	Title   string
	Shelves []shelf
	Stories []group
	Mail    *opened
	Fault   []string
	Hint    string

	Words     []string // files of our own phrases
	Languages []string
}

// fault is a readable page about what went wrong, from which one can go on.
func (p *Preview) fault(w http.ResponseWriter, r *http.Request, status int, title, hint string, lines ...string) {
	c, err := choose(r.URL.Query(), p.Day)
	if err != nil {
		c = choice{On: p.Day}
	}
	show(w, status, "fault", page{choice: c, Title: title, Fault: lines, Hint: hint})
}

// chosen reads what a request asks for, or answers it.
func (p *Preview) chosen(w http.ResponseWriter, r *http.Request) (choice, bool) {
	c, err := choose(r.URL.Query(), p.Day)
	c.Language = oneOf(c.Language, p.Languages()...)
	if err != nil {
		p.fault(w, r, http.StatusBadRequest, "There is no such date", "Choose another one above.", err.Error()+".")
	}
	return c, err == nil
}

// shelves gives what the book has, narrowed down to whom the search names; or answers the request.
func (p *Preview) shelves(w http.ResponseWriter, r *http.Request, c choice) ([]shelf, bool) {
	all, err := p.Book.On(r.Context(), c.On)
	if err != nil {
		if r.Context().Err() == nil {
			p.Log.Warn("digests cannot be shown", "on", c.On, "error", err)
		}
		p.fault(w, r, http.StatusBadGateway, "The digests of this day cannot be made", "Mend that and load the page again.", strings.Split(err.Error(), "\n")...)
		return nil, false
	}
	return arrange(all, c), true
}

func (p *Preview) overview(w http.ResponseWriter, r *http.Request) {
	c, ok := p.chosen(w, r)
	if !ok {
		return
	}
	shelves, ok := p.shelves(w, r, c)
	if !ok {
		return
	}
	show(w, http.StatusOK, "overview", page{choice: c, Title: "Digests as of " + inWords(c.On), Shelves: shelves})
}

func (p *Preview) storybook(w http.ResponseWriter, r *http.Request) {
	if c, ok := p.chosen(w, r); ok {
		c.Story = "?"
		files, err := fs.Glob(templates.FS, "words*.txt")
		if err != nil {
			p.fault(w, r, http.StatusInternalServerError, "The storybook cannot be shown", "", err.Error())
			return
		}
		show(w, http.StatusOK, "stories", page{choice: c, Title: "Storybook", Stories: p.groups(c), Words: files, Languages: p.Languages()})
	}
}

// phrases is a file of our own phrases, to copy from.
func phrases(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	src, err := fs.ReadFile(templates.FS, name)
	if err != nil || !strings.HasPrefix(name, "words") {
		http.Error(w, "there is no file of phrases of this name", http.StatusNotFound)
		return
	}
	plain(w, http.StatusOK, string(src))
}

// bytes gives the mail that a request names, and its entry where it is a real person's.
func (p *Preview) bytes(shelves []shelf, c choice) (raw []byte, of *entry, err error) {
	if c.Story != "" {
		for _, s := range p.Stories {
			if s.Name == c.Story {
				raw, err = s.Mail(c.Language)
				return raw, nil, err
			}
		}
		return nil, nil, fmt.Errorf("the storybook has no case %q", c.Story)
	}
	for _, s := range shelves {
		for _, e := range slices.Concat(s.Entries, s.None) {
			if s.Schedule != c.Schedule || e.ID != c.To {
				continue
			}
			if e.Skip != "" || e.Err != nil {
				return nil, &e, e.Err
			}
			raw, err = e.Mail()
			return raw, &e, err
		}
	}
	return nil, nil, fmt.Errorf("nobody with the id %q gets the digests of schedule %q", c.To, c.Schedule)
}

// mail is the page around one mail.
func (p *Preview) mail(w http.ResponseWriter, r *http.Request) {
	c, ok := p.chosen(w, r)
	if !ok {
		return
	}
	var all []shelf
	if c.Story == "" {
		if all, ok = p.shelves(w, r, c); !ok {
			return
		}
	}
	raw, of, err := p.bytes(all, c)
	if err != nil && of == nil {
		p.fault(w, r, http.StatusNotFound, "This mail cannot be shown", "", err.Error()+".")
		return
	}
	pg := page{choice: c, Shelves: all, Mail: &opened{choice: c, Entry: of}}
	if c.Story != "" {
		pg.Stories, pg.Languages = p.groups(c), p.Languages()
	}
	if raw != nil {
		if err = pg.Mail.read(raw); err != nil {
			p.fault(w, r, http.StatusInternalServerError, "This mail cannot be shown", "", err.Error()+".")
			return
		}
		pg.Title = pg.Mail.Subject
	} else {
		pg.Title = of.Name + " gets none"
	}
	pg.Mail.turn(all, p.Stories)
	show(w, http.StatusOK, "mail", pg)
}

// frame is the HTML part alone, as the page's frames show it: it runs nothing and loads nothing.
func (p *Preview) frame(w http.ResponseWriter, r *http.Request) {
	raw, ok := p.raw(w, r)
	if !ok {
		return
	}
	parts, err := mail.Read(raw)
	if err != nil {
		p.fault(w, r, http.StatusInternalServerError, "This mail cannot be shown", "", err.Error()+".")
		return
	}
	w.Header().Set("Content-Security-Policy", mailPolicy+"frame-ancestors 'self'; sandbox")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(inLook(parts.HTML, r.URL.Query().Get("look")))) // a reader who has left needs no answer
}

// eml is the message itself, for a mail program.
func (p *Preview) eml(w http.ResponseWriter, r *http.Request) {
	if raw, ok := p.raw(w, r); ok {
		w.Header().Set("Content-Type", "message/rfc822")
		w.Header().Set("Content-Disposition", `attachment; filename="digest.eml"`)
		_, _ = w.Write(raw) // a reader who has left needs no answer
	}
}

func (p *Preview) raw(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	c, ok := p.chosen(w, r)
	if !ok {
		return nil, false
	}
	var all []shelf
	if c.Story == "" {
		if all, ok = p.shelves(w, r, c); !ok {
			return nil, false
		}
	}
	raw, _, err := p.bytes(all, c)
	if err != nil || raw == nil {
		p.fault(w, r, http.StatusNotFound, "This mail cannot be shown", "", "It could not be made, or this person gets none.")
		return nil, false
	}
	return raw, true
}

var scheme = regexp.MustCompile(`\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)`)

// inLook makes the mail look as on a light or a dark device, whatever the one is that shows it: a frame cannot be
// given a preference of its own, so the question for it in the mail's style block is answered here.
func inLook(html, look string) string {
	if look != "dark" {
		look = "light"
	}
	html = scheme.ReplaceAllStringFunc(html, func(question string) string {
		if strings.Contains(question, look) {
			return "(min-width:0)" // always so
		}
		return "(max-width:0)" // never so
	})
	return strings.NewReplacer("color-scheme:light dark", "color-scheme:"+look, `content="light dark"`, `content="`+look+`"`).Replace(html)
}
