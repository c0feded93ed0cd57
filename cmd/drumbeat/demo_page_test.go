package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePageShowsEachMailInASandbox(t *testing.T) {
	name := filepath.Join(t.TempDir(), "R1.html")
	if err := os.WriteFile(name, []byte("<html><p>the digest</p></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := mailHandler([]demoMail{
		{schedule: "team", rep: "R1", to: "Ada <script>", subject: "Week 1", html: name},
		{schedule: "own", rep: "R1", to: "Bo", subject: "Week 2", html: name},
	})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	list := get("/").Body.String()
	for _, want := range []string{"<h2>team</h2>", "<h2>own</h2>", "Ada &lt;script&gt;", "Week 2", "<iframe", " sandbox "} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is missing in\n%s", want, list)
		}
	}
	mail := get("/mail/1")
	if !strings.Contains(mail.Body.String(), "the digest") || !strings.HasPrefix(mail.Header().Get("Content-Security-Policy"), "sandbox;") {
		t.Errorf("%d %v", mail.Code, mail.Header())
	}
	for _, path := range []string{"/mail/2", "/mail/-1", "/mail/x", "/R1.html"} {
		if got := get(path).Code; got != 404 {
			t.Errorf("%s: %d", path, got)
		}
	}
}
