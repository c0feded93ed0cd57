package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/mail"
)

// Whatever stands in a drumbeat.yaml: its faults have places, what the environment holds is in none of them, and a
// config without faults can be worked with.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "../../config/drumbeat.yaml", "../../config/process.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	const secret = "hunter2-of-the-environment"
	env := func(name string) (string, bool) {
		return secret, name == "SMTP_PASSWORD" || name == "NAME" || name == "WEB_SECRET"
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "/") && !strings.Contains(string(data), "../") {
			return // the fuzzer may not open what it likes
		}
		cfg, own, _ := read("testdata/faults/fuzz.yaml", data, env)
		lines := strings.Split(string(data), "\n")
		for _, one := range own {
			if one.Line < 0 || one.Line > len(lines) || one.What == "" || one.Line > 0 && one.Column > len(lines[one.Line-1])+1 {
				t.Errorf("a fault at no place: %v", one)
			}
			if strings.Contains(one.String(), secret) {
				t.Errorf("the environment is told: %v", one)
			}
		}
		if len(own) == 0 {
			workable(t, cfg)
		}
	})
}

// workable holds what the worker relies on.
func workable(t *testing.T, cfg *Config) {
	t.Helper()
	if cfg.Zone == nil || len(cfg.Currency) != 3 || cfg.Environment == "" || cfg.State.DSN == "" || cfg.Mail.Rate.Interval() <= 0 || cfg.Mail.Connections < 1 {
		t.Errorf("%+v", cfg)
	}
	names := map[string]bool{}
	for _, s := range cfg.Schedules {
		if s.Name == "" || names[s.Name] || s.Zone == nil || s.MaxAge <= 0 || strings.ContainsAny(s.Name, `/\`) || s.Name == ".." {
			t.Errorf("schedule %+v", s)
		}
		names[s.Name] = true
		if next := s.Spec.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), s.Zone); next.IsZero() {
			t.Errorf("schedule %s never fires", s.Name)
		}
	}
	ids := map[string]bool{}
	for _, p := range cfg.People {
		if p.Rep == "" || ids[p.Rep] {
			t.Errorf("person %+v", p)
		}
		ids[p.Rep] = true
		for _, a := range p.Away {
			if a.To < a.From {
				t.Errorf("%s is away from %s to %s", p.Rep, a.From, a.To)
			}
		}
	}
}

// What is taken for one of the values has the form that others rely on, and what is refused is said with what to do.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"Europe/Berlin", "europe/berln", "PST", "+01:00", "EUR", "€", "weekly", "../etc", "de-AT", "Ada <ada@example.com>", "ada@example.com", "\"a b\"@x", "10/s", "10 per minute",
		"X-Key", "Message-ID", "mx.example.com", "::1", ":8080", "https://example.com/{id}", "http://localhost/", "https://u:p@h/", "2026-07-01", "1.7.2026", "31/12/2026", "a@b\r\nBcc: c@d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		refused := func(err error) bool {
			if err != nil {
				if what, hint, found := strings.Cut(err.Error(), "; "); !found || what == "" || hint == "" {
					t.Errorf("%q is refused without a hint: %v", s, err)
				}
			}
			return err != nil
		}
		if loc, err := parseZone(s); !refused(err) && (loc == nil || s == "Local") {
			t.Errorf("zone %q is %v", s, loc)
		}
		if code, err := parseCurrency(s); !refused(err) && (len(code) != 3 || code != strings.ToUpper(code)) {
			t.Errorf("currency %q is %q", s, code)
		}
		if name, err := parseName(s); !refused(err) && (strings.ContainsAny(name, "/\\\r\n\x00") || strings.Trim(name, ". ") == "") {
			t.Errorf("name %q", name)
		}
		if rate, err := parseRate(s); !refused(err) && (rate.Interval() <= 0 || rate.N < 1) {
			t.Errorf("rate %q is %+v", s, rate)
		}
		if header, err := parseHeaderName(s); !refused(err) && strings.ContainsAny(header, ": \r\n") {
			t.Errorf("header %q", header)
		}
		if host, err := parseHost(s); !refused(err) && strings.ContainsAny(host, " \r\n/@") {
			t.Errorf("host %q", host)
		}
		if listen, err := parseListen(s); !refused(err) && !strings.Contains(listen, ":") {
			t.Errorf("listen %q", listen)
		}
		for _, parse := range []func(string) (string, error){parseURL, parseDealLink, parseBaseURL} {
			if u, err := parse(s); !refused(err) && !strings.HasPrefix(strings.ToLower(u), "http") {
				t.Errorf("url %q", u)
			}
		}
		if d, err := parseDate(s); !refused(err) && d.String() != s {
			t.Errorf("date %q is %s", s, d)
		}
		_, err := parseLocale(s)
		refused(err)
		mailable(t, s, refused)
	})
}

// mailable: what is taken for an address is one that a mail can be built for.
func mailable(t *testing.T, s string, refused func(error) bool) {
	t.Helper()
	m := mail.Message{Subject: "s", Text: "t", HTML: "h", MessageID: "id@example.com", Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	m.From.Address, m.To.Address = "a@example.com", "b@example.com"
	if from, err := parseAddress(s); !refused(err) {
		m.From = from
		if _, err := mail.Build(m); err != nil {
			t.Errorf("%q is taken for a sender: %v", s, err)
		}
	}
	m.From.Name, m.From.Address = "", "a@example.com"
	if to, err := parsePlainAddress(s); !refused(err) {
		m.To.Address = to
		if _, err := mail.Build(m); err != nil {
			t.Errorf("%q is taken for a recipient: %v", s, err)
		}
	}
}
