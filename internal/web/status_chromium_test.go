package web

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"
)

// The page of whoever is on call in a real browser, as good and as bad as it gets.
func TestTheStatusPageInChromium(t *testing.T) {
	b := startBrowser(t)
	for _, c := range []struct {
		name, headline string
		prepare        func(w *ward)
	}{
		{"well", "All is well", func(*ward) {}},
		{"fresh", "All is well", (*ward).fresh},
		{"wrong", "3 things need you", (*ward).threeWrong},
		{"silent", "1 thing needs you", func(w *ward) {
			w.see()
			w.silent, w.at = errors.New("ledger: read how everything stands: dial tcp 10.0.0.7:5432: connect: connection refused"), onCall.Add(19*time.Minute)
		}},
		{"many", "2 things need you", (*ward).many},
	} {
		w := newWard(t)
		c.prepare(w)
		server := httptest.NewServer((&Site{Status: w.Handler(), Log: w.Log}).Handler())
		t.Cleanup(server.Close)
		for _, width := range []int{375, 1280} {
			for _, look := range []string{"light", "dark"} {
				tab := b.tab(width, look)
				tab.open(server.URL) // which leads there
				if got := tab.text("h1"); got != c.headline {
					t.Errorf("%s: %q, want %q", c.name, got, c.headline)
				}
				name := fmt.Sprintf("status-%s-%d-%s", c.name, width, look)
				tab.judge(name, width)
				tab.whole(name)
			}
		}
	}
}

// whole is a picture of the page at its full height.
func (t *tab) whole(name string) {
	t.t.Helper()
	var height, width int
	t.eval("document.documentElement.scrollHeight", &height)
	t.eval("innerWidth", &width)
	t.tell("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": min(height, 2400), "deviceScaleFactor": 1, "mobile": false})
	t.picture(name)
}
