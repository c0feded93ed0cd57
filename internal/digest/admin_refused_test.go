package digest_test

import (
	"strings"
	"testing"

	"drumbeat/internal/digest/digesttest"
)

// Whoever is woken by it knows what is wrong where, what is in force, that nothing is lost, and what to type.
func TestARefusedConfigIsToldWithItsFaultsAndWhatStaysInForce(t *testing.T) {
	d := admin(t, digesttest.AdminStories()["admin-config-refused"])
	if d.Subject != "The changed config is not in force: 12 faults" || d.Empty {
		t.Errorf("subject %q, empty %v", d.Subject, d.Empty)
	}
	if got := titles(d); got != "The changed config has 12 faults" {
		t.Fatalf("to do %q", got)
	}
	task := d.Admin.Todo[0]
	if len(task.Who) != 10 || strings.ReplaceAll(task.More, "\u00a0", " ") != "and 2 more" {
		t.Errorf("%d faults, and %q", len(task.Who), task.More)
	}
	if w := task.Who[0]; w.Name != "/etc/drumbeat/drumbeat.yaml:8:1" || w.Words != "shedules: unknown key; did you mean schedules?" {
		t.Errorf("the first fault: %q: %q", w.Name, w.Words)
	}
	if task.Cmd != "drumbeat check --config /etc/drumbeat/drumbeat.yaml" {
		t.Errorf("command %q", task.Cmd)
	}
	said := strings.ReplaceAll(d.News+"|"+task.Says+"|"+task.Do, "\u00a0", " ")
	for _, must := range []string{"The config of 5 November, 08:00 CET stays in force", "nothing is lost", "Since 9 November, 09:00 CET", "would not start", "without a start"} {
		if !strings.Contains(said, must) {
			t.Errorf("nobody says %q: %s", must, said)
		}
	}
}

func TestAChangeThatTakesAStartIsNoFault(t *testing.T) {
	d := admin(t, digesttest.AdminStories()["admin-config-needs-start"])
	task := d.Admin.Todo[0]
	said := d.Subject + "|" + task.Title + "|" + task.Says + "|" + task.Do
	if d.Subject != "The changed config is not in force: it needs a start" || task.Cmd != "" || strings.Contains(said, "fault") ||
		strings.Contains(said, "would not start") || !strings.Contains(task.Do, "Start Drumbeat again") {
		t.Errorf("%s|%s", said, task.Cmd)
	}
}

// The week's digest says so too, while it lasts, and is not withheld where there is nothing else.
func TestTheWeeksDigestTellsOfAConfigThatIsStillRefused(t *testing.T) {
	in := digesttest.AdminStories()["admin-config-still-refused"]
	d := admin(t, in)
	if d.Subject != "Weekly digests: 3 sent, changed config refused" || titles(d) != "The changed config has 1 fault" {
		t.Errorf("%q, to do %q", d.Subject, titles(d))
	}
	in.Runs, in.Data = nil, nil
	if d := admin(t, in); d.Empty {
		t.Error("nobody is told")
	}
	if in.Refused = nil; !admin(t, in).Empty {
		t.Error("nothing is told")
	}
}
