package main

import (
	"errors"
	"strings"
	"testing"

	"drumbeat/internal/fault"
	"drumbeat/internal/worker"
)

// Whoever has drafted a config has no relay in it yet, and wants to know first what was found.
func TestCheckConnectLooksAtTheSourceBeforeThereIsARelay(t *testing.T) {
	files, _ := connected(t)
	files["drumbeat.yaml"], _, _ = strings.Cut(files["drumbeat.yaml"], "mail:")
	said, err := runCheck(t, files, "--connect")
	var faults fault.List
	if !errors.As(err, &faults) || !strings.Contains(err.Error(), "mail.from: is missing") {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"the source holds", "stage_changes  4", "what cannot be told for want of it", "Nothing can be sent yet"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
	if said, err = runCheck(t, files); said != "" || err == nil {
		t.Errorf("without --connect: %v, %s", err, said)
	}
	files["drumbeat.yaml"] += "nosuchkey: 1\n"
	if said, err = runCheck(t, files, "--connect"); strings.Contains(said, "the source holds") || err == nil {
		t.Errorf("with a fault that is none of sending: %v, %s", err, said)
	}
}

func TestWhoGotNothingIsSaidWithTheReasons(t *testing.T) {
	s := worker.Summary{Files: 1, Skipped: 41, Reasons: map[string]int{"no address": 39, "nothing to say": 1, "away": 1}}
	if got, want := (runOptions{out: "mails"}).outcome(s), "1 written under mails, 41 skipped (39 no address, 1 away, 1 nothing to say)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
