package main

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"drumbeat/internal/mail"
)

// evil is what somebody with a login to the CRM may write into every field: at once a formula, an order to a terminal, a
// header, an element, an attribute, a template, a statement, a way up and text that runs backwards.
const evil = "=cmd|'/c calc'!A1 \x1b]0;owned\x07\x1b[31m\u009b2J\r\nBcc: all@example.net\r\n\r\n" +
	"<script>alert(1)</script>\"onload=\"alert(2)' ;DROP TABLE reps;-- {{.}} ${HOME} %!s(MISSING) \u202ecod.exe javascript:alert(3) ../../../etc/passwd\n" +
	"time=2026-01-01 level=ERROR msg=forged "

// hostile is the demo's company with evil in every field of text, and in ids.
func hostile(t *testing.T) (config, dir string, sent func() [][]byte) {
	t.Helper()
	dir, box := inHouse(t, "90d", "links: {deal: \"https://crm.example.com/deals/{id}?tab=1\"}\nlog: {level: debug}\n")
	db, err := sql.Open("sqlite", filepath.Join(dir, "pipeline.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, of := range []struct{ table, column string }{
		{"reps", "id"}, {"reps", "manager_id"}, {"deals", "rep_id"}, {"stage_changes", "rep_id"}, // joined by it
		{"deals", "id"}, {"stage_changes", "deal_id"}, {"activities", "deal_id"}, {"criteria", "deal_id"}, {"forecasts", "deal_id"}, {"waivers", "deal_id"},
		{"reps", "name"}, {"reps", "team"}, {"reps", "time_zone"}, {"deals", "name"}, {"deals", "loss_reason"}, {"deals", "forecast_category"},
		{"waivers", "reason"}, {"waivers", "granted_by"},
	} {
		if _, err := db.Exec("UPDATE "+of.table+" SET "+of.column+" = ? || "+of.column+" WHERE "+of.column+" IS NOT NULL", evil); err != nil {
			t.Fatal(err)
		}
	}
	for _, do := range []string{
		"UPDATE deals SET stage = ? || stage WHERE id LIKE '%7'", "UPDATE stage_changes SET stage = ? || stage WHERE deal_id LIKE '%7'",
		"UPDATE activities SET kind = ? || kind WHERE deal_id LIKE '%5'", "UPDATE criteria SET criterion = ? || criterion WHERE deal_id LIKE '%5'",
		"UPDATE deals SET currency = ? WHERE id LIKE '%9'", "UPDATE deals SET name = ? || char(0) || X'FF' || name WHERE id LIKE '%3'",
		"UPDATE reps SET email = ? WHERE id LIKE '%R003'", "UPDATE reps SET name = ? || printf('%.5000c', 'x') WHERE id LIKE '%R004'",
	} {
		if _, err := db.Exec(do, evil); err != nil {
			t.Fatal(err)
		}
	}
	for _, do := range []string{"UPDATE reps SET email = 'ok@example.com' || char(13, 10) || 'RCPT TO:<evil@example.net>' WHERE id LIKE '%R005'"} {
		if _, err := db.Exec(do); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "drumbeat.yaml"), dir, func() (all [][]byte) {
		for _, m := range box.Messages() {
			all = append(all, m.Data)
			for _, to := range m.To {
				if !strings.HasSuffix(to, "@harrowmere.example") {
					t.Errorf("a mail went to %q", to)
				}
			}
		}
		return all
	}
}

// Whatever stands in the database: it stays text, in mails, pages, tables, logs and the names of files.
func TestAHostileCompanyStaysText(t *testing.T) {
	t.Parallel()
	config, dir, sent := hostile(t)
	out := filepath.Join(dir, "mails")
	said := map[string]string{"run --out": call(t, "run", "weekly-team", "weekly-own", "--config", config, "--as-of", "2026-06-01", "--out", out)}
	files := 0
	if err := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(path, out) {
			return err
		}
		files++
		if strings.ContainsFunc(d.Name(), func(r rune) bool {
			return r > unicode.MaxASCII || !unicode.IsPrint(r) || strings.ContainsRune(`/\<>:"|?*`, r)
		}) || len(d.Name()) > 210 {
			t.Errorf("a file called %q", d.Name())
		}
		text, err := os.ReadFile(path)
		switch filepath.Ext(path) {
		case ".eml":
			staysAMail(t, text)
		case ".html":
			staysAPage(t, string(text))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if files < 6 {
		t.Errorf("only %d files", files)
	}
	var log, printed bytes.Buffer
	if status := execute(t.Context(), []string{"run", "weekly-team", "weekly-own", "--config", config, "--as-of", "2026-06-01"}, &printed, &log); status != exitDone {
		t.Errorf("run: exit status %d\n%s", status, &log)
	}
	said["run"] = printed.String()
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, "time=2") || strings.HasPrefix(line, "time=2026-01-01 level=ERROR msg=forged") {
			t.Errorf("a line of the log: %q", line)
		}
	}
	said["the log"] = log.String()
	if len(sent()) == 0 {
		t.Error("nothing was sent")
	}
	for _, raw := range sent() {
		staysAMail(t, raw)
	}
	said["report"] = call(t, "report", "--config", config, "--as-of", "2026-06-01")
	said["report --rep"] = call(t, "report", "--config", config, "--as-of", "2026-06-01", "--rep", evil+"R002")
	said["plan"] = call(t, "plan", "--config", config)
	said["ledger list"] = call(t, "ledger", "list", "--config", config)
	said["ledger show"] = call(t, "ledger", "show", "1", "--config", config)
	said["ledger forget"] = call(t, "ledger", "forget", "--rep", evil+"R002", "--config", config)
	said["check"] = call(t, "check", "--connect=false", "--config", config)
	for what, text := range said {
		staysLines(t, what, text)
		if strings.Contains(text, "\nBcc:") || strings.Contains(text, "\ntime=2026-01-01") {
			t.Errorf("%s has a line that somebody else wrote:\n%s", what, text)
		}
	}
	if rows := strings.Count(said["report"], "\n=cmd"); rows != 6 {
		t.Errorf("%d rows of reps, want 6:\n%s", rows, said["report"])
	}
	staysCSV(t, call(t, "report", "--config", config, "--as-of", "2026-06-01", "--format", "csv"))
	if exact := call(t, "report", "--config", config, "--format", "csv", "--rows", "reps"); !strings.Contains(exact, "\"=cmd|'/c calc'!A1") {
		t.Errorf("canonical rows are as they were read:\n%.300s", exact)
	}
	for _, of := range [][]string{{"report", "--as-of", "2026-06-01", "--format", "json"}, {"plan", "--format", "json"}, {"ledger", "list", "--format", "json"}} {
		var any any
		if err := json.Unmarshal([]byte(call(t, append(of, "--config", config)...)), &any); err != nil {
			t.Errorf("%v: %v", of, err)
		}
	}
}

func TestThePreviewOfAHostileCompanyRunsNothing(t *testing.T) {
	t.Parallel()
	config, _, _ := hostile(t)
	addr := "http://" + freeAddress(t)
	background(t, addr+"/", "preview", "--config", config, "--as-of", "2026-06-01", "--addr", strings.TrimPrefix(addr, "http://"))
	to := "schedule=weekly-team&on=2026-06-01&to=" + url.QueryEscape(evil+"R002")
	for path, want := range map[string]string{"/?on=2026-06-01": "Claire Moreau", "/mail?" + to: "iframe", "/frame?" + to: "Adherence", "/mail?as=source&" + to: "Subject", "/mail?as=headers&" + to: "Subject",
		"/?on=2026-06-01&q=" + url.QueryEscape(evil): "Claire Moreau", "/mail?" + to + url.QueryEscape(evil): "&lt;script"} {
		_, page := fetch(t, "GET", addr+path, "")
		if !strings.Contains(page, want) {
			t.Errorf("%s: no %q in\n%.2000s", path, want, page)
		}
		inert(t, page, "form", "iframe")
	}
}

// staysAMail: its header has our fields alone, it goes to one person, and its text shows nothing that a terminal obeys.
func staysAMail(t *testing.T, raw []byte) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name := range m.Header {
		if !slices.Contains([]string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted", "X-Auto-Response-Suppress",
			"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To", "Precedence", "Feedback-Id"}, name) {
			t.Errorf("a header field %q", name)
		}
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || !strings.HasSuffix(to[0].Address, "@harrowmere.example") {
		t.Errorf("to %v, %v", to, err)
	}
	parts, err := mail.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	staysLines(t, "the text part", parts.Text)
	staysAPage(t, parts.HTML)
}

// obeyed is what a terminal or a reader's eye obeys.
var obeyed = regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]")

func staysLines(t *testing.T, what, text string) {
	t.Helper()
	if at := obeyed.FindStringIndex(text); at != nil {
		t.Errorf("%s holds %q", what, text[max(0, at[0]-40):min(len(text), at[1]+20)])
	}
}

// inert demands that a page has no element or attribute that does something, beside those that are named.
func inert(t *testing.T, page string, but ...string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && !slices.Contains(but, n.Data) && slices.Contains([]string{"script", "iframe", "object", "embed", "form", "img", "base", "link"}, n.Data) {
			t.Errorf("an element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.ContainsAny(a.Key, "\"'<") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("an attribute %s=%q", a.Key, a.Val)
			}
		}
	}
	return root
}

// staysAPage: no element, attribute or link that our mails do not have.
func staysAPage(t *testing.T, page string) {
	t.Helper()
	for n := range inert(t, page).Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			staysLines(t, "a page", strings.ReplaceAll(n.Data, "\t", " "))
		}
		for _, a := range n.Attr {
			if a.Key != "href" || strings.HasPrefix(a.Val, "mailto:drumbeat@drumbeat.example?") {
				continue
			}
			u, err := url.Parse(a.Val)
			if err != nil || u.Scheme != "https" || u.Host != "crm.example.com" || u.RawQuery != "tab=1" || u.Fragment != "" ||
				strings.Count(u.EscapedPath(), "/") != 2 || !strings.HasPrefix(u.EscapedPath(), "/deals/%3Dcmd") {
				t.Errorf("a link to %q", a.Val)
			}
		}
	}
}

var plainNumber = regexp.MustCompile(`^[+-]?[0-9.e+-]+$`)

// staysCSV: no cell is a formula for a spreadsheet.
func staysCSV(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) && !plainNumber.MatchString(cell) {
				t.Errorf("a formula %.40q", cell)
			}
		}
	}
}
