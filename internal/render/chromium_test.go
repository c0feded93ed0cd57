package render_test

import (
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest/digesttest"
)

// chromium finds the browser. An outsider without one skips; the project's own runs must have it.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no chromium, chromium-browser or google-chrome on the path: nothing looked at the mails")
	}
	t.Skip("no chromium, chromium-browser or google-chrome on the path; install one to have the mails looked at")
	return ""
}

// The wrapper holds every mail in a frame of each width, high enough to need no scroll bar, and writes down what
// it measured: the width to scroll to, texts under 13 px, the lowest contrast of a text with its ground (WCAG 2)
// in hundredths, and the agenda's height.
const wrapper = `<!doctype html><meta charset="utf-8"><body>%s<script>
const channels = c => c.match(/[\d.]+/g).map(Number);
const light = c => channels(c).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (e, style) => { for (; e; e = e.parentElement) { const c = style(e).backgroundColor; if (channels(c)[3] !== 0) return c; } return "rgb(255, 255, 255)"; };
const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
addEventListener("load", () => {
  const lines = [...document.querySelectorAll("iframe")].map(f => {
    const doc = f.contentDocument, style = e => f.contentWindow.getComputedStyle(e), sheet = doc.querySelector(".sheet");
    const texts = [...doc.querySelectorAll("body *")].filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && e.checkVisibility());
    const small = texts.filter(e => parseFloat(style(e).fontSize) < 13).length;
    const faint = Math.floor(100 * Math.min(...texts.map(e => contrast(style(e).color, ground(e, style)))));
    return ["measured", f.title, f.width, doc.documentElement.scrollWidth, small, faint, sheet ? Math.ceil(sheet.getBoundingClientRect().height) : 0].join(" ");
  });
  document.body.textContent = lines.join("\n");
});
</script>`

var (
	measured   = regexp.MustCompile(`(?m)^(?:.*>)?measured (\S+) (\d+) (\d+) (\d+) (\d+) (\d+)`)
	styleBlock = regexp.MustCompile(`(?s)<style>.*?</style>`)
)

// A4 less margins of 10 mm, in CSS pixels.
const sheetWidth, sheetHeight = 718, 1046

// ways are the states that a mail is read in: the frame's page stands for a mail client that applies one of the
// style block's conditional parts, or none of the block.
var ways = []struct {
	name   string
	widths []int
	of     func(page string) string
}{
	{"as-sent", []int{375, 700}, func(page string) string { return page }},
	{"dark", []int{375}, func(page string) string {
		return strings.Replace(page, "@media (prefers-color-scheme:dark)", "@media screen", 1)
	}},
	{"no-style", []int{375, 700}, func(page string) string { return styleBlock.ReplaceAllString(page, "") }},
	{"print", []int{sheetWidth}, func(page string) string { return strings.Replace(page, "@media print", "@media screen", 1) }},
}

// Every mail of the storybook in a real browser, one start for all: on a phone and on a desk nothing scrolls
// sideways, nothing to read is smaller than 13 px or fainter than 4.5 to 1, and the agenda prints on one page.
func TestMailsInChromium(t *testing.T) {
	browser := chromium(t)
	var frames strings.Builder
	want := 0
	for _, s := range digesttest.Stories() {
		page := rendered(t, build(t, s.Input)).HTML
		for _, way := range ways {
			for _, width := range way.widths {
				want++
				fmt.Fprintf(&frames, `<iframe title="%s/%s" width="%d" height="20000" srcdoc="%s"></iframe>`+"\n", s.Name, way.name, width, html.EscapeString(way.of(page)))
			}
		}
	}
	out := dumped(t, browser, fmt.Sprintf(wrapper, frames.String()))
	rows := measured.FindAllStringSubmatch(out, -1)
	if len(rows) != want {
		t.Fatalf("%d of %d mails were measured: %.300s", len(rows), want, out)
	}
	for _, row := range rows {
		var width, scroll, small, contrast, sheet int
		if _, err := fmt.Sscan(strings.Join(row[2:], " "), &width, &scroll, &small, &contrast, &sheet); err != nil {
			t.Fatal(err)
		}
		printed := strings.HasSuffix(row[1], "/print")
		if scroll > width {
			t.Errorf("%s at %d px scrolls sideways: %d px", row[1], width, scroll)
		}
		if small > 0 && !printed {
			t.Errorf("%s at %d px has %d texts under 13 px", row[1], width, small)
		}
		if contrast < 450 {
			t.Errorf("%s at %d px has a text with contrast %d.%02d", row[1], width, contrast/100, contrast%100)
		}
		if printed && sheet > sheetHeight {
			t.Errorf("%s: the agenda is %d px high, a page holds %d", row[1], sheet, sheetHeight)
		}
	}
}

// dumped is the page after its scripts.
func dumped(t *testing.T, browser, page string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "drumbeat-chromium-") //nolint:usetesting // not the test's own: what Chromium writes while it ends would fail it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "mails.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // it only ends a browser that hangs: a laden machine takes more than one
	defer cancel()
	out, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--virtual-time-budget=10000", "--dump-dom", "file://"+file).Output()
	if err != nil {
		t.Fatalf("%s: %v", browser, err)
	}
	return string(out)
}
