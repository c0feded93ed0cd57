package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

func (h *house) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func (h *house) post(path, kind, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	h.Handler().ServeHTTP(w, r)
	return w
}

const form = "application/x-www-form-urlencoded"

func (h *house) optedOut(rep, kind string) bool {
	h.t.Helper()
	out, err := h.ledger.HasOptedOut(h.t.Context(), rep+"@example.com", kind)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestALinkShowsTheMailAsItWasSent(t *testing.T) {
	h := newHouse(t)
	link := path(t, h.Links.View(h.ids["r01"], sentOn))
	for _, at := range []string{link, strings.TrimPrefix(link, "/mails")} { // a proxy may cut the path off
		w := h.get(at)
		d, err := h.ledger.Find(t.Context(), h.ids["r01"][:32])
		if err != nil {
			t.Fatal(err)
		}
		parts, err := mail.Read(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusOK || w.Body.String() != parts.HTML || !strings.Contains(parts.HTML, "Hafen AG") {
			t.Fatalf("%s: status %d, %d bytes of %d", at, w.Code, w.Body.Len(), len(parts.HTML))
		}
		for name, want := range map[string]string{"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer",
			"X-Robots-Tag": "noindex, nofollow, noarchive", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") || strings.Contains(csp, "script") {
			t.Errorf("policy %q", csp)
		}
	}
}

func TestWithoutTheLinkNobodySeesAnything(t *testing.T) {
	h := newHouse(t)
	mine, theirs := h.Links.View(h.ids["r01"], sentOn), h.Links.View(h.ids["r02"], sentOn)
	token := func(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }
	other := NewLinks(base, "another secret of 32 characters!", h.Keep)
	for name, at := range map[string]string{
		"the root": "/", "a listing": "/view/", "a listing without its slash": "/view", "an id": "/view/1", "the ledger's file": "/state.db",
		"a way up": "/view/../../etc/passwd", "the hash alone": "/view/" + h.ids["r01"][:32], "a token cut off": "/view/" + token(mine)[:60],
		"half of mine and half of theirs": "/view/" + token(mine)[:38] + token(theirs)[38:],
		"signed by somebody else":         path(t, other.View(h.ids["r01"], sentOn)),
		"a token for stopping":            "/view/" + token(h.Links.Stop(h.ids["r01"], sentOn)),
		"a mail that was never made":      path(t, h.Links.View(mail.MessageID("a", "b", "c@x", "d", "x", ""), sentOn)),
	} {
		w := h.get(at)
		if w.Code != http.StatusNotFound && w.Code != http.StatusTemporaryRedirect {
			t.Errorf("%s: status %d", name, w.Code)
		}
		if body := w.Body.String(); strings.Contains(body, "Hafen") || strings.Contains(body, "@example") {
			t.Errorf("%s tells:\n%s", name, body)
		}
	}
	if w := h.post(path(t, mine), form, "do=stop"); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
		t.Errorf("a link for reading takes a POST: %d", w.Code)
	}
	if h.optedOut("r01", "rep") {
		t.Error("a link for reading unsubscribed")
	}
}

func TestAnExpiredLinkAndAMailThatIsGoneSaySoKindly(t *testing.T) {
	h := newHouse(t)
	link := path(t, h.Links.View(h.ids["r01"], sentOn))
	h.Now = func() time.Time { return sentOn.Add(h.Keep) }
	if w := h.get(link); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "This link has expired") || strings.Contains(w.Body.String(), "r01@") {
		t.Errorf("expired: %d %s", w.Code, w.Body)
	}
	h.Now = func() time.Time { return now }
	if _, err := h.ledger.Forget(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if w := h.get(link); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "Mails are kept for 90 days") || !strings.Contains(w.Body.String(), "9 November 2026") {
		t.Errorf("forgotten: %d %s", w.Code, w.Body)
	}
	// Whoever finds an old mail can still stop the new ones.
	h.Now = func() time.Time { return sentOn.Add(h.Keep) }
	if w := h.get(path(t, h.Links.Stop(h.ids["r01"], sentOn))); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "summaries of your own deals") {
		t.Errorf("to stop: %d %s", w.Code, w.Body)
	}
}

// Nobody can be stopped whose data were removed, and nobody else is, neither by the button nor by a mail program.
func TestTheLinksOfSomebodyWhoWasRemovedSaySo(t *testing.T) {
	h := newHouse(t)
	d, err := h.ledger.Find(t.Context(), h.ids["r01"][:32])
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.ledger.Erase(t.Context(), ledger.Erasure{Own: []int64{d.ID}}); err != nil {
		t.Fatal(err)
	}
	if w := h.get(path(t, h.Links.View(h.ids["r01"], sentOn))); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "no longer kept") {
		t.Errorf("to read: %d %s", w.Code, w.Body)
	}
	link := path(t, h.Links.Stop(h.ids["r01"], sentOn))
	for _, w := range []*httptest.ResponseRecorder{h.get(link), h.post(link, form, "List-Unsubscribe=One-Click"), h.post(link, form, "do=undo")} {
		if w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "nothing to stop here") {
			t.Errorf("to stop: %d %s", w.Code, w.Body)
		}
	}
	if out, err := h.ledger.OptOuts(t.Context(), ""); err != nil || len(out) > 0 {
		t.Errorf("opted out: %v, %v", out, err)
	}
}

func TestFollowingTheLinkStopsNothing(t *testing.T) {
	h := newHouse(t)
	link := path(t, h.Links.Stop(h.ids["m1"], sentOn))
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, httptest.NewRequest(method, link, strings.NewReader("List-Unsubscribe=One-Click")))
		if h.optedOut("m1", "manager") {
			t.Fatalf("a %s unsubscribed", method)
		}
	}
	asked := h.get(link).Body.String()
	for _, want := range []string{"Stop the team digests?", "m1@example.com", `value="stop"`, "Other mails"} {
		if !strings.Contains(asked, want) {
			t.Errorf("%q is not said in\n%s", want, asked)
		}
	}
}

func TestOneClickStopsThisKindForThisAddressAtOnce(t *testing.T) {
	multipart := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for name, c := range map[string]struct{ kind, body string }{
		"a mail program, as a form":      {form, "List-Unsubscribe=One-Click"},
		"a mail program, in parts":       {"multipart/form-data; boundary=b", multipart},
		"the button on the page":         {form, "do=stop"},
		"a second time changes nothing ": {form, "List-Unsubscribe=One-Click&List-Unsubscribe=One-Click"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			next := ledger.Run{Schedule: "weekly", Period: "2026-11-16", AsOf: sentOn.AddDate(0, 0, 7)}
			pending := []ledger.Delivery{h.delivery(digest.Manager, "m1", "2026-11-16"), h.delivery(digest.Rep, "r01", "2026-11-16")}
			if _, err := h.ledger.Plan(t.Context(), next, pending); err != nil {
				t.Fatal(err)
			}
			w := h.post(path(t, h.Links.Stop(h.ids["m1"], sentOn)), c.kind, c.body)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "No more team digests go to m1@example.com") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if !h.optedOut("m1", "manager") || h.optedOut("m1", "rep") || h.optedOut("r01", "rep") {
				t.Error("not this kind for this address alone")
			}
			rows, err := h.ledger.List(t.Context(), ledger.Filter{Period: "2026-11-16"})
			if err != nil || len(rows) != 2 || rows[0].State != ledger.Skipped || rows[0].Reason != ledger.OptedOut || rows[1].State != ledger.Pending {
				t.Errorf("what was pending: %+v, %v", rows, err)
			}
			if strings.Contains(h.logs.String(), "@") {
				t.Errorf("an address in the log: %s", h.logs)
			}
		})
	}
}

func TestAnOptOutCanBeTakenBack(t *testing.T) {
	h := newHouse(t)
	link := path(t, h.Links.Stop(h.ids["r02"], sentOn))
	h.post(link, form, "do=stop")
	if w := h.get(link); !strings.Contains(w.Body.String(), `value="undo"`) {
		t.Errorf("no way back:\n%s", w.Body)
	}
	if w := h.post(link, form, "do=undo"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "They come again") || h.optedOut("r02", "rep") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if err := h.ledger.OptOut(t.Context(), "r02@example.com", ""); err != nil { // by an operator: of everything
		t.Fatal(err)
	}
	if w := h.post(link, form, "do=undo"); !strings.Contains(w.Body.String(), "Still stopped") || !h.optedOut("r02", "rep") {
		t.Errorf("a reader took back what an operator did: %s", w.Body)
	}
}

func TestAPostThatSaysNothingChangesNothing(t *testing.T) {
	h := newHouse(t)
	link := path(t, h.Links.Stop(h.ids["r01"], sentOn))
	for _, body := range []string{"", "x=1", "List-Unsubscribe=No", "do=else", "do=" + url.QueryEscape(strings.Repeat("stop", 1<<17))} {
		if w := h.post(link, form, body); w.Code != http.StatusBadRequest || h.optedOut("r01", "rep") {
			t.Errorf("%.20q: status %d", body, w.Code)
		}
	}
}

func TestALedgerOutOfReachIsNotTheReadersBusiness(t *testing.T) {
	h := newHouse(t)
	h.Archive = brokenArchive{h.Archive}
	for _, at := range []string{path(t, h.Links.View(h.ids["r01"], sentOn)), path(t, h.Links.Stop(h.ids["r01"], sentOn)), "/readyz"} {
		w := h.get(at)
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
		}
	}
	if !strings.Contains(h.logs.String(), "10.0.0.7") {
		t.Errorf("nobody hears why: %s", h.logs)
	}
	if w := h.get("/healthz"); w.Code != http.StatusOK {
		t.Errorf("the process lives, and says %d", w.Code)
	}
}

func TestASiteWithoutLinksAnswersForItsHealthAlone(t *testing.T) {
	h := newHouse(t)
	at := path(t, h.Links.View(h.ids["r01"], sentOn))
	h.Links = nil
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, at: 404, "/stop/x": 404, "/": 404} {
		if w := h.get(path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

// Whoever follows a link of the page's contents arrives.
func TestEveryChapterOfTheFiguresIsReached(t *testing.T) {
	page, err := metricsPage()
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(string(page), -1)
	if len(links) < 15 {
		t.Fatalf("only %d links", len(links))
	}
	for _, l := range links {
		if !strings.Contains(string(page), `id="`+l[1]+`"`) {
			t.Errorf("nothing is called %s", l[1])
		}
	}
}
