package render_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/render"
)

func buildAdmin(t testing.TB, in digest.Operations) *digest.Digest {
	t.Helper()
	d, err := digest.BuildAdmin(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAdminGoldens(t *testing.T) {
	for name, in := range digesttest.AdminStories() {
		t.Run(name, func(t *testing.T) {
			c := rendered(t, buildAdmin(t, in))
			wellFormed(t, c)
			sameFigures(t, c)
			if again := rendered(t, buildAdmin(t, in)); again != c {
				t.Error("two renders differ")
			}
			for ext, got := range map[string]string{".html": c.HTML, ".txt": "Subject: " + c.Subject + "\nPreheader: " + c.Preheader + "\n\n" + c.Text} {
				file := filepath.Join("testdata", name+ext)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if *storybook != "" {
					if err := os.WriteFile(filepath.Join(*storybook, name+ext), []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("%s differs from its golden file; look at it, then run with -update", file)
				}
			}
		})
	}
}

// What the goldens must mean, whatever -update writes into them.
func TestTheAdminsPageBeginsWithWhatToMend(t *testing.T) {
	c := rendered(t, buildAdmin(t, digesttest.Operations()))
	p := parse(t, c.HTML)
	if got := strings.Join(p.texts("h2"), "|"); got != "What needs you|What ran|Left out on purpose|The data|What is running|About this mail" {
		t.Errorf("sections %s", got)
	}
	if got := p.texts("h3.hot"); len(got) != 5 || got[0] != "weekly-own: 1 digest could not be made" || got[3] != "Rows are missing" {
		t.Errorf("tasks %q", got)
	}
	if got := p.texts("td.hot"); len(got) != 2 || got[0] != "3 failed, 1 unknown" || got[1] != "21,400" {
		t.Errorf("alarms %q", got)
	}
	for _, must := range []string{"bo.lindqvist@example.com: 550 5.1.1 no such user", "drumbeat run weekly-own --as-of 2026-11-09", "config 3f2a9c1d07be"} {
		if !strings.Contains(strings.ToLower(p.texts("body")[0]), strings.ToLower(must)) || !strings.Contains(strings.ToLower(strings.Join(strings.Fields(c.Text), " ")), strings.ToLower(must)) {
			t.Errorf("page or text without %q", must)
		}
	}
	if strings.Contains(c.HTML, "€") || strings.Contains(c.Text, "adherence") {
		t.Error("an admin need not see figures")
	}
}

func TestHostileWordsOfAServerStayText(t *testing.T) {
	in := digesttest.Operations()
	in.Runs[1].Mails = append(in.Runs[1].Mails, digest.MailRecord{RepID: "%!s(x)", Address: "a@example.com", State: "failed", Made: true,
		Reason: "550 <script>alert(1)</script>\r\nSubject: x \u202e NaN <no value>"})
	in.Due = []digest.DueTick{{Schedule: "a\r\nBcc: b", At: in.At, Why: "<b>x</b>: NaN\r\nBcc: you@example.com"}}
	in.Cause = digest.NotMade
	c := rendered(t, buildAdmin(t, in))
	if p := parse(t, c.HTML); len(p.all("script"))+len(p.all("body b")) > 0 || strings.ContainsAny(c.Subject, "\r\n") || strings.Contains(c.HTML, "\u202e") {
		t.Error("a server's words broke out of their place")
	}
}

func TestAThousandFailuresStayUnderTheClip(t *testing.T) {
	in := digesttest.Operations()
	for i := range 100 {
		r := in.Runs[1]
		r.Schedule = fmt.Sprintf("%d %s", i, strings.Repeat("w", 90))
		r.Mails = nil
		for j := range 20 {
			r.Mails = append(r.Mails, digest.MailRecord{RepID: fmt.Sprint(j), State: "failed", Made: j%2 > 0, Address: "somebody@example.com", Reason: strings.Repeat("550 no such user ", 40)})
		}
		in.Runs = append(in.Runs, r)
	}
	if c := rendered(t, buildAdmin(t, in)); len(c.HTML) > render.MaxBytes {
		t.Errorf("%d bytes", len(c.HTML))
	}
}

func TestAdminMailsInChromium(t *testing.T) {
	browser := chromium(t)
	var frames strings.Builder
	want := 0
	for name, in := range digesttest.AdminStories() {
		page := rendered(t, buildAdmin(t, in)).HTML
		for _, way := range ways {
			for _, width := range way.widths {
				want++
				fmt.Fprintf(&frames, `<iframe title="%s/%s" width="%d" height="20000" srcdoc="%s"></iframe>`+"\n", name, way.name, width, html.EscapeString(way.of(page)))
			}
		}
	}
	rows := measured.FindAllStringSubmatch(dumped(t, browser, fmt.Sprintf(wrapper, frames.String())), -1)
	if len(rows) != want {
		t.Fatalf("%d of %d mails were measured", len(rows), want)
	}
	for _, row := range rows {
		var width, scroll, small, contrast int
		if _, err := fmt.Sscan(strings.Join(row[2:6], " "), &width, &scroll, &small, &contrast); err != nil {
			t.Fatal(err)
		}
		if scroll > width || small > 0 && !strings.HasSuffix(row[1], "/print") || contrast < 450 {
			t.Errorf("%s at %d px: %d px wide, %d texts under 13 px, contrast %d", row[1], width, scroll, small, contrast)
		}
	}
}
