package mail

import (
	netmail "net/mail"
	"strings"
	"testing"
)

func TestReadTakesApartWhatBuildMakes(t *testing.T) {
	m := weekly()
	m.Subject = "North: 3 deals worth 120 k€ wait"
	m.UnsubscribeURL = "https://drumbeat.example.com/stop/" + strings.Repeat("a", 80)
	p, err := Read(build(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if p.HTML != m.HTML || p.Text != m.Text {
		t.Errorf("parts %q and %q", p.HTML, p.Text)
	}
	for name, want := range map[string]string{"subject": m.Subject, "List-Unsubscribe": "<" + m.UnsubscribeURL + ">, <mailto:ops@example.com?subject=unsubscribe>",
		"Message-ID": "<" + m.MessageID + ">", "Bcc": ""} {
		if got := p.Field(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if to, err := netmail.ParseAddress(p.Raw("To")); err != nil || *to != m.To {
		t.Errorf("to %v, %v", to, err)
	}
	if first := p.Fields[0].Name; len(p.Fields) < 12 || first == "" {
		t.Errorf("fields %v", p.Fields)
	}
}

func TestReadRefusesWhatIsNoMessageOfOurs(t *testing.T) {
	for name, raw := range map[string]string{"nothing": "", "no header": "hello", "no content type": "Subject: x\r\n\r\nhello",
		"cut off": string(build(t, weekly())[:900])} {
		if p, err := Read([]byte(raw)); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
