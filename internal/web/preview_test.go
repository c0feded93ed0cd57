package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/pipeline"
)

// shelfOf is a book that has the fixture's digests, whatever the day; the first of them that failed, and somebody away.
type shelfOf struct {
	t     testing.TB
	err   error
	mu    sync.Mutex
	asked []pipeline.Date // guarded by mu: a browser asks for several things at once
}

func (b *shelfOf) On(_ context.Context, day pipeline.Date) ([]Shelf, error) {
	b.mu.Lock()
	b.asked = append(b.asked, day)
	b.mu.Unlock()
	if b.err != nil {
		return nil, b.err
	}
	entry := func(kind digest.Kind, id string) Entry {
		in := digesttest.Input(kind, id)
		return Entry{ID: id, Name: in.Recipient.Rep.Name, Address: in.Recipient.Address, Team: in.Recipient.Rep.Team,
			Subject: "Subject for " + id, Preheader: "The news for " + id,
			Mail: func() ([]byte, error) {
				raw, _ := letter(b.t, in, day.String())
				return raw, nil
			}}
	}
	away := entry(digest.Rep, "r03")
	away.Skip = digest.SkipAway
	broken := entry(digest.Rep, "r04")
	broken.Err = errors.New("render rep digest of r04: too large")
	return []Shelf{
		{Schedule: "weekly-team", Kind: "manager", When: "The week until Sunday, 8 November", Entries: []Entry{entry(digest.Manager, "m1"), entry(digest.Manager, "m2")}},
		{Schedule: "weekly-own", Kind: "rep", When: "The week until Sunday, 8 November", Entries: []Entry{entry(digest.Rep, "r01"), entry(digest.Rep, "r02"), away, broken}},
		{Schedule: "leap-day", Kind: "rep", Err: errors.New("schedule leap-day: no tick so far")},
	}, nil
}

func stories(t testing.TB) (out []Story) {
	for _, s := range digesttest.Stories() {
		out = append(out, Story{Name: s.Name, Group: "All", Title: s.Name, Mail: func(string) ([]byte, error) {
			raw, _ := letter(t, s.Input, s.Name)
			return raw, nil
		}})
	}
	return out
}

func newPreview(t testing.TB) (*Preview, *shelfOf) {
	b := &shelfOf{t: t}
	return &Preview{Book: b, Stories: stories(t), Languages: func() []string { return []string{"en", "de"} }, Day: pipeline.NewDate(2026, 11, 9), OnlyLocal: true, Log: slog.New(slog.DiscardHandler)}, b
}

func look(p *Preview, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:8090"
	p.Handler().ServeHTTP(w, r)
	return w
}

func TestThePreviewListsWhoGetsWhatAndWhoGetsNone(t *testing.T) {
	p, book := newPreview(t)
	page := look(p, "/?on=2026-02-02").Body.String()
	for _, want := range []string{"Digests as of Monday, 2 February 2026", "Maria Keller", "Subject for m1", "The news for r01", "1 person gets none",
		"Chloé Martin</span>: away", "Not made: render rep digest of r04: too large", "no tick so far", "on=2026-01-26", "on=2026-02-09"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
	if len(book.asked) != 1 || book.asked[0] != pipeline.NewDate(2026, 2, 2) {
		t.Errorf("asked for %v", book.asked)
	}
}

func TestASearchFindsPeopleByAnyWord(t *testing.T) {
	p, _ := newPreview(t)
	for query, want := range map[string]string{"keller": "Maria Keller", "KELLER+north": "Maria Keller", "r02@example": "Bo Lindqvist", "ada": "Ada Park",
		"south": "Samuel Osei", "chlo%C3%A9": "Chloé Martin", "nobody": "Nobody here is called “nobody”"} {
		page := look(p, "/?q="+query).Body.String()
		if !strings.Contains(page, want) {
			t.Errorf("%s does not find %s", query, want)
		}
		for _, other := range []string{"Maria Keller", "Bo Lindqvist", "Samuel Osei"} {
			if other != want && strings.Contains(page, other) {
				t.Errorf("%s finds %s", query, other)
			}
		}
	}
}

func TestEachMailIsThereAsHTMLTextSourceAndHeaders(t *testing.T) {
	p, _ := newPreview(t)
	const mail = "/mail?schedule=weekly-team&to=m1"
	for as, wants := range map[string][]string{
		"":         {`src="/frame?on=2026-11-09&amp;schedule=weekly-team&amp;to=m1"`, `width="700"`, " sandbox ", "kB of HTML"},
		"&as=text": {"<pre", "Hafen AG warehouse suite"}, "&as=source": {"Content-Transfer-Encoding: quoted-printable", "Message-ID: &lt;"},
		"&as=headers": {"List-Unsubscribe", "multipart/alternative"}, "&as=anything": {"<iframe"},
		"&width=both&look=both": {"375 px, light", "375 px, dark", "700 px, light", "700 px, dark"},
	} {
		page := look(p, mail+as).Body.String()
		for _, want := range append(wants, "Maria Keller", "Download the message") {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is missing", as, want)
			}
		}
	}
	if page := look(p, "/mail?schedule=weekly-own&to=r03").Body.String(); !strings.Contains(page, "gets no mail: away") {
		t.Errorf("somebody away:\n%s", page)
	}
	if page := look(p, "/mail?schedule=weekly-own&to=r04").Body.String(); !strings.Contains(page, "Not made: render") {
		t.Errorf("a digest that failed:\n%s", page)
	}
	if w := look(p, "/mail.eml?schedule=weekly-team&to=m1"); w.Header().Get("Content-Type") != "message/rfc822" || !strings.HasPrefix(w.Body.String(), "Date: ") && !strings.Contains(w.Body.String(), "\r\nDate: ") {
		t.Errorf("the message: %v", w.Header())
	}
}

func TestAFrameHoldsTheMailInTheLookThatIsAskedFor(t *testing.T) {
	p, _ := newPreview(t)
	for look1, want := range map[string][2]string{"light": {"@media (max-width:0){.page", "color-scheme:light}"}, "dark": {"@media (min-width:0){.page", "color-scheme:dark}"}, "": {"@media (max-width:0){.page", "color-scheme:light}"}} {
		w := look(p, "/frame?schedule=weekly-own&to=r01&look="+look1)
		for _, s := range want {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%q: %q is missing", look1, s)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors 'self'; sandbox") || !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("policy %q", csp)
		}
	}
	if got := inLook("@media (prefers-color-scheme: light){a}@media ( prefers-color-scheme :dark ) and (width:1px){b}", "dark"); got != "@media (max-width:0){a}@media (min-width:0) and (width:1px){b}" {
		t.Error(got)
	}
}

func TestEveryStoryCanBeOpened(t *testing.T) {
	p, book := newPreview(t)
	list := look(p, "/stories").Body.String()
	for _, s := range p.Stories {
		if !strings.Contains(list, "story="+s.Name) {
			t.Errorf("%s is not listed", s.Name)
		}
		if w := look(p, "/frame?story="+s.Name); w.Code != http.StatusOK {
			t.Errorf("%s: %d", s.Name, w.Code)
		}
	}
	if w := look(p, "/mail?story=rep&look=dark"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "look=dark") {
		t.Errorf("%d", w.Code)
	}
	if len(book.asked) > 0 {
		t.Error("the storybook computed a day")
	}
}

func TestWhatGoesWrongIsAReadablePage(t *testing.T) {
	p, book := newPreview(t)
	for path, c := range map[string]struct {
		status int
		want   string
	}{
		"/?on=2026-02-31":                   {400, "There is no such date"},
		"/?on=tomorrow":                     {400, "&#34;tomorrow&#34; is not in the calendar"},
		"/?on=9999-01-01":                   {400, "further away"},
		"/mail?schedule=weekly-own&to=zz":   {404, "nobody with the id"},
		"/mail?schedule=weekly-team&to=r01": {404, "nobody with the id"},
		"/mail?story=zz":                    {404, "has no case"},
		"/frame?schedule=weekly-own&to=r03": {404, "gets none"},
		"/elsewhere":                        {404, "There is no such page"},
	} {
		if w := look(p, path); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || !strings.Contains(w.Body.String(), `name="on"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	book.err = errors.New("drumbeat.yaml:3:1: foo: unknown key\nopen the source: <connection refused>")
	if w := look(p, "/"); w.Code != 502 || !strings.Contains(w.Body.String(), "drumbeat.yaml:3:1: foo: unknown key</p>") || !strings.Contains(w.Body.String(), "&lt;connection refused&gt;") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestOnlyThisMachineOpensThePageUnlessAPasswordIsGiven(t *testing.T) {
	p, _ := newPreview(t)
	ask := func(host, user, password string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		p.Handler().ServeHTTP(w, r)
		return w.Code
	}
	for host, want := range map[string]int{"127.0.0.1:8090": 200, "localhost:8090": 200, "[::1]:8090": 200, "localhost": 200,
		"evil.example:8090": 421, "127.0.0.1.evil.example": 421, "": 421, "10.0.0.1": 421} {
		if got := ask(host, "", ""); got != want {
			t.Errorf("as %q: %d, want %d", host, got, want)
		}
	}
	p.OnlyLocal, p.Username, p.Password = false, "ops", "pa ss"
	for name, c := range map[string]struct {
		user, password string
		want           int
	}{"nobody": {"", "", 401}, "wrong": {"ops", "pass", 401}, "swapped": {"pa ss", "ops", 401}, "empty": {"ops", "", 401}, "right": {"ops", "pa ss", 200}} {
		if got := ask("drumbeat.example.com", c.user, c.password); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// Nothing that a preview shows comes from elsewhere, and no page holds a script.
func TestThePagesStandAlone(t *testing.T) {
	names, err := files.ReadDir("pages")
	if err != nil || len(names) < 3 {
		t.Fatalf("%v %v", names, err)
	}
	for _, n := range names {
		text, err := os.ReadFile("pages/" + n.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"http:", "https:", "//", "<script", "onclick", "@import", "url("} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s has %s", n.Name(), bad)
			}
		}
	}
}
