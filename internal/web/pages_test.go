package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// Every page in a real browser, as somebody would go through them, at phone and desktop width, light and dark;
// axe finds nothing to object to, and nothing scrolls sideways.
func TestThePreviewInChromium(t *testing.T) {
	p, book := newPreview(t)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	b := startBrowser(t)
	for _, width := range []int{375, 1280} {
		for _, look := range []string{"light", "dark"} {
			judged := func(tab *tab, name string) {
				t.Helper()
				name = fmt.Sprintf("preview-%s-%d-%s", name, width, look)
				tab.judge(name, width)
				tab.picture(name)
			}
			tab := b.tab(width, look)
			tab.open(server.URL)
			judged(tab, "digests")

			tab.eval(`document.querySelector("[name=q]").value = "keller"; document.querySelector("[name=on]").value = "2026-02-02"`, nil)
			tab.click("form button")
			if got := tab.text("main"); !strings.Contains(got, "2 February 2026") || !strings.Contains(got, "Maria Keller") || strings.Contains(got, "Samuel Osei") {
				t.Fatalf("after a search for a person and a day:\n%s", got)
			}
			tab.click(".mails a")
			judged(tab, "mail")
			for step, want := range map[string]string{"as=text": "Hafen AG", "as=source": "Content-Type:", "as=headers": "Precedence"} {
				tab.click(`a[href*="` + step + `"]`)
				if got := tab.text("main"); !strings.Contains(got, want) {
					t.Errorf("%s: %q is missing", step, want)
				}
				judged(tab, strings.TrimPrefix(step, "as="))
			}
			tab.open(server.URL + "/mail?schedule=weekly-team&to=m1&width=both&look=both")
			judged(tab, "all-ways")
			var frames int
			tab.eval(`[...document.querySelectorAll("iframe")].filter(f => f.offsetHeight > 300 && f.contentDocument === null).length`, &frames)
			if frames != 4 {
				t.Errorf("%d frames of a mail that nothing can reach into, want 4", frames)
			}
			tab.open(server.URL + "/stories")
			judged(tab, "stories")
			tab.click(".cases a")
			judged(tab, "story")
			tab.open(server.URL + "/?on=2026-02-31")
			judged(tab, "no-such-date")
		}
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	for _, day := range book.asked {
		if day != p.Day && day != pipeline.NewDate(2026, 2, 2) {
			t.Errorf("a day that nobody chose was computed: %s", day)
		}
	}
}

// The frame shows the dark mail on a light device and the other way round.
func TestTheFrameIsDarkWhereDarkIsAskedFor(t *testing.T) {
	p, _ := newPreview(t)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	b := startBrowser(t)
	for _, device := range []string{"light", "dark"} {
		tab := b.tab(700, device)
		for look, want := range map[string]string{"light": "rgb(238, 241, 239)", "dark": "rgb(16, 20, 22)"} {
			tab.open(server.URL + "/frame?schedule=weekly-team&to=m1&look=" + look)
			var ground string
			if tab.eval(`getComputedStyle(document.body).backgroundColor`, &ground); ground != want {
				t.Errorf("%s on a %s device: %s, want %s", look, device, ground, want)
			}
		}
	}
}

func TestTheArchiveAndTheOptOutInChromium(t *testing.T) {
	h := newHouse(t)
	server := httptest.NewServer(h.Handler())
	t.Cleanup(server.Close)
	// The same mail without its policy, under which a judge's own script could not run either.
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(h.get(path(t, h.Links.View(h.ids["m1"], sentOn))).Body.Bytes())
	}))
	t.Cleanup(bare.Close)
	b := startBrowser(t)
	stop := server.URL + path(t, h.Links.Stop(h.ids["m1"], sentOn))
	for _, width := range []int{375, 1280} {
		for _, look := range []string{"light", "dark"} {
			judged := func(tab *tab, name string, but ...string) {
				t.Helper()
				name = fmt.Sprintf("site-%s-%d-%s", name, width, look)
				tab.judge(name, width, but...)
				tab.picture(name)
			}
			tab := b.tab(width, look)
			tab.open(server.URL + path(t, h.Links.View(h.ids["m1"], sentOn)))
			if got := tab.text("body"); !strings.Contains(got, "Hafen AG warehouse suite") {
				t.Fatalf("the mail in a browser:\n%s", got)
			}
			tab.open(bare.URL)
			judged(tab, "mail", "landmark-one-main", "region") // it is a mail, to the byte: landmarks are its reader's program's

			tab.open(stop)
			judged(tab, "ask")
			if h.optedOut("m1", "manager") {
				t.Fatal("looking at the page unsubscribed")
			}
			tab.click("button")
			judged(tab, "stopped")
			if got := tab.text("h1"); got != "Stopped" || !h.optedOut("m1", "manager") {
				t.Errorf("after the button: %q", got)
			}
			tab.click("button")
			judged(tab, "resumed")
			if got := tab.text("h1"); got != "They come again" || h.optedOut("m1", "manager") {
				t.Errorf("after the second button: %q", got)
			}
			tab.open(server.URL + "/view/forged")
			judged(tab, "bad-link")
			tab.open(server.URL + path(t, h.Links.How()))
			judged(tab, "how")
			if got := tab.text("h1"); got != "What Drumbeat measures" {
				t.Errorf("how figures are computed: %q", got)
			}
		}
	}
}

// A judge that cannot object judges nothing.
func TestTheJudgeObjects(t *testing.T) {
	tab := startBrowser(t).tab(375, "light")
	tab.open("data:text/html,<title>x</title><p style='color:%23ccc;background:white'>faint</p><img src='x'>")
	if got := strings.Join(tab.violations(), "\n"); !strings.Contains(got, "color-contrast") || !strings.Contains(got, "image-alt") {
		t.Errorf("axe says %q", got)
	}
}
