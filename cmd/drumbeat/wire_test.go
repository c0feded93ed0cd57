package main

import (
	"testing"
	"time"

	"drumbeat/internal/config"
)

// Fault 27: the config's timeout is of each step. After the final dot the sender's own ten minutes hold: an answer
// that comes after somebody gave up is a mail that goes twice.
func TestTheTimeoutDoesNotShortenTheWaitForTheLastWord(t *testing.T) {
	got := relay(config.SMTP{Host: "relay", Timeout: 7 * time.Second})
	if got.Timeout != 7*time.Second || got.DotTimeout != 0 {
		t.Errorf("each step %v, the last word %v (0: ten minutes)", got.Timeout, got.DotTimeout)
	}
}
