package web

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browser is a Chromium that does as it is told by its own protocol (DevTools), over a pipe and one command at a
// time; each message ends in a zero byte.
type browser struct {
	t       *testing.T
	to      io.Writer
	mu      sync.Mutex
	last    int
	answers map[int]chan answer
	loaded  chan struct{} // a page has been loaded
}

type answer struct {
	ID        int             `json:"id"`
	Method    string          `json:"method"`
	SessionID string          `json:"sessionId"`
	Result    json.RawMessage `json:"result"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startBrowser starts one for the length of the test. An outsider without Chromium skips; the project's own runs
// must have it.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		lacks(t, "chromium, chromium-browser or google-chrome")
	}
	toRead, toWrite := pipe(t)
	fromRead, fromWrite := pipe(t)
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-background-networking", "--remote-debugging-pipe", "--user-data-dir="+profile(t))
	c.ExtraFiles = []*os.File{toRead, fromWrite} // 3 and 4: where it listens and speaks
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, to: toWrite, answers: map[int]chan answer{}, loaded: make(chan struct{}, 16)}
	go b.listen(fromRead)
	t.Cleanup(func() {
		cancel()
		_ = c.Wait() // it was told to die
		for _, f := range []*os.File{toRead, toWrite, fromRead, fromWrite} {
			_ = f.Close()
		}
	})
	return b
}

// profile is a folder for the browser. Those of its processes that outlive it for a moment still write there, so that a
// folder of the test's own could not be removed.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "drumbeat-chromium-") //nolint:usetesting // what Chromium writes while it ends would fail the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for tries := 0; os.RemoveAll(dir) != nil && tries < 100; tries++ {
			time.Sleep(100 * time.Millisecond)
		}
	})
	return dir
}

func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("no %s: nothing looked at the pages", what)
	}
	t.Skipf("no %s; call make tools to have the pages looked at", what)
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

func (b *browser) listen(from io.Reader) {
	in := bufio.NewReader(from)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			return // it is gone, and the test with it
		}
		var a answer
		if err := json.Unmarshal(text[:len(text)-1], &a); err != nil {
			continue
		}
		if a.Method == "Page.loadEventFired" {
			b.loaded <- struct{}{}
		}
		b.mu.Lock()
		if waiting := b.answers[a.ID]; waiting != nil {
			waiting <- a
		}
		b.mu.Unlock()
	}
}

// call sends one command and waits for what comes back.
func (b *browser) call(session, method string, params, into any) {
	b.t.Helper()
	b.mu.Lock()
	b.last++
	id, waiting := b.last, make(chan answer, 1)
	b.answers[id] = waiting
	b.mu.Unlock()
	message := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	select {
	case a := <-waiting:
		if a.Error != nil {
			b.t.Fatalf("%s: %s", method, a.Error.Message)
		}
		if into != nil {
			if err := json.Unmarshal(a.Result, into); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(time.Minute):
		b.t.Fatalf("%s: no answer", method)
	}
}

// tab is one page of the browser, of a device's width and liking.
type tab struct {
	*browser
	session string
}

func (b *browser) tab(width int, look string) *tab {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	t := &tab{b, attached.SessionID}
	t.tell("Page.enable", map[string]any{})
	t.tell("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false})
	t.tell("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": look}}})
	return t
}

func (t *tab) tell(method string, params any) {
	t.t.Helper()
	t.call(t.session, method, params, nil)
}

// open goes to an address and waits until everything in it is there.
func (t *tab) open(url string) {
	t.t.Helper()
	t.after(func() { t.tell("Page.navigate", map[string]any{"url": url}) })
}

// click presses what the selector finds, which leads to another page.
func (t *tab) click(selector string) {
	t.t.Helper()
	t.after(func() { t.eval(fmt.Sprintf("document.querySelector(%q).click()", selector), nil) })
}

// after waits for the page that do leads to.
func (t *tab) after(do func()) {
	t.t.Helper()
	for len(t.loaded) > 0 {
		<-t.loaded
	}
	do()
	select {
	case <-t.loaded:
	case <-time.After(30 * time.Second):
		t.t.Fatal("the page was not loaded")
	}
}

// eval runs a script in the page; into gets its value, nil: nothing.
func (t *tab) eval(script string, into any) {
	t.t.Helper()
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	t.call(t.session, "Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &out)
	if out.ExceptionDetails != nil {
		t.t.Fatalf("script: %s", out.ExceptionDetails.Exception.Description)
	}
	if into != nil {
		if err := json.Unmarshal(out.Result.Value, into); err != nil {
			t.t.Fatalf("script gives %s: %v", out.Result.Value, err)
		}
	}
}

// text is what stands in the element.
func (t *tab) text(selector string) (s string) {
	t.t.Helper()
	t.eval(fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector), &s)
	return s
}

// picture writes what the tab shows where DRUMBEAT_PICTURES names a folder: for eyes, not for judges.
func (t *tab) picture(name string) {
	t.t.Helper()
	folder := os.Getenv("DRUMBEAT_PICTURES")
	if folder == "" {
		return
	}
	var shot struct{ Data string }
	t.call(t.session, "Page.captureScreenshot", map[string]any{}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644)
	}
	if err != nil {
		t.t.Fatal(err)
	}
}

// judge lets axe look at the page, which must not scroll sideways either.
func (t *tab) judge(name string, width int, but ...string) {
	t.t.Helper()
	var scroll int
	if t.eval("document.documentElement.scrollWidth", &scroll); scroll > width {
		t.t.Errorf("%s at %d px scrolls sideways: %d px", name, width, scroll)
	}
	for _, v := range t.violations(but...) {
		t.t.Errorf("%s at %d px: %s", name, width, v)
	}
}

// violations are what axe objects to, but for some of its rules.
func (t *tab) violations(but ...string) (found []string) {
	t.t.Helper()
	axe, err := os.ReadFile(filepath.Join("testdata", "judges", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		lacks(t.t, "axe-core from npm")
	}
	off := map[string]any{}
	for _, rule := range but {
		off[rule] = map[string]bool{"enabled": false}
	}
	rules, err := json.Marshal(off)
	if err != nil {
		t.t.Fatal(err)
	}
	t.eval(string(axe)+`;axe.run(document, {iframes: false, rules: `+string(rules)+`}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html)))`, &found)
	return found
}
