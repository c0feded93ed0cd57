package main

import (
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

func TestAMailThatNamesAPersonIsFoundHoweverItWritesTheName(t *testing.T) {
	long := "Maximiliane Henriette von und zu Hohenlohe-Langenburg"
	for name, c := range map[string]struct {
		mark, html, text, subject string
		want                      bool
	}{
		"as it is":                   {"Ann Lee", "<p>Ask Ann Lee.</p>", "-", "-", true},
		"in the text part alone":     {"Ann Lee", "<p>-</p>", "Ask Ann Lee.", "-", true},
		"broken over two lines":      {"Ann Lee", "<p>-</p>", "Ask Ann\n  Lee.", "-", true},
		"held together by a space":   {"Ann Lee", "<p>Ann\u00a0Lee</p>", "-", "-", true},
		"in capitals":                {"Ann Lee", "<p>ANN LEE</p>", "-", "-", true},
		"as entities":                {"Ann O'Brien & Co", "<p>Ann O&#39;Brien &amp; Co</p>", "-", "-", true},
		"with a joiner":              {"NaN Lee", "<p>N\u2060aN Lee</p>", "-", "-", true},
		"beyond ASCII, over QP":      {"Øystein Ås", "<p>" + strings.Repeat("é", 30) + " Øystein Ås</p>", "-", "-", true},
		"in the subject":             {"Ann Lee", "<p>-</p>", "-", "Ask Ann Lee", true},
		"the address":                {"ann@example.com", "<p>No mail reaches Ann@example.com</p>", "-", "-", true},
		"cut off by the mail":        {long, "<p>" + string([]rune(long)[:31]) + "…</p>", "-", "-", true},
		"another person":             {"Ann Lee", "<p>Ann Leeson, Joann Lee</p>", "-", "-", false},
		"another, and then this one": {"Ann Lee", "<p>Ann Leeson, Ann Lee</p>", "-", "-", true},
		"another address":            {"ann@example.com", "<p>joann@example.com</p>", "-", "-", false},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := mail.Build(mail.Message{From: netmail.Address{Address: "d@example.com"}, To: netmail.Address{Name: "Boss", Address: "boss@example.com"},
				Subject: c.subject, Text: c.text, HTML: c.html, MessageID: "x@example.com", Date: time.Unix(1780000000, 0), ListName: "n", ListID: "n.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			for what, d := range map[string]ledger.Delivery{"a mail": {Subject: c.subject, Body: raw}, "no mail": {Subject: c.subject, Body: []byte(c.html + c.text)}} {
				if got := signs([]string{c.mark}, "", "").in(d); got != c.want {
					t.Errorf("%s: %v", what, got)
				}
			}
		})
	}
	if by := signs([]string{""}, "", "R17"); len(by) > 0 {
		t.Errorf("an id that stands in every mail is searched for: %q", by)
	}
	if by := signs(nil, "", "005-77A"); len(by) != 1 {
		t.Errorf("%q", by)
	}
}
