package worker

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	smtp "drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

const keyHeader = "Resend-Idempotency-Key"

// deduplicating is a relay that drops a mail whose key it has seen, and says 250 to it, as such relays do.
type deduplicating struct {
	mu   sync.Mutex
	seen map[string]int // how often each key came
	kept []mailbox.Message
}

func (d *deduplicating) receive(m mailbox.Message) error {
	parts, err := smtp.Read(m.Data)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := parts.Field(keyHeader)
	if d.seen[key]++; d.seen[key] == 1 || key == "" {
		d.kept = append(d.kept, m)
	}
	return nil
}

// Fault 33: the relay's 250 is lost, the mail goes again, and a relay that knows the key keeps one.
func TestASecondSendIsDroppedByARelayThatKnowsTheKey(t *testing.T) {
	k := newKit(t, monday, "")
	k.Config.Mail.IdempotencyHeader = keyHeader
	sink := &deduplicating{seen: map[string]int{}}
	lost := map[string]bool{}
	var mu sync.Mutex
	k.smtp(mailbox.Options{Received: sink.receive, Script: func(e mailbox.Event) mailbox.Fault {
		mu.Lock()
		defer mu.Unlock()
		if to := e.Message.To; e.Step == mailbox.Dot && !lost[to[0]] {
			lost[to[0]] = true
			return mailbox.Fault{Keep: true, Drop: true}
		}
		return mailbox.Fault{}
	}})
	s := k.do(Job{Schedule: k.schedule("team")}, time.Minute)
	if !s.Done() || s.Sent == 0 || len(sink.kept) != s.Sent {
		t.Fatalf("%d kept: %+v", len(sink.kept), s)
	}
	for key, times := range sink.seen {
		if key == "" || times != 2 {
			t.Errorf("key %q came %d times, want 2", key, times)
		}
	}
	s = k.do(Job{Schedule: k.schedule("team"), Force: true})
	if !s.Done() || len(sink.kept) != s.InAll {
		t.Errorf("forced: %d kept, %+v", len(sink.kept), s)
	}
}

func TestTheKeyIsTheDeliverysAndATestHasAnother(t *testing.T) {
	keys := func(job Job, header string) (keys []string) {
		k := newKit(t, monday, "")
		k.Config.Mail.IdempotencyHeader = header
		job.Schedule = k.schedule("team")
		k.do(job)
		for _, l := range k.relay.letters() {
			parts, err := smtp.Read(l.raw)
			if err != nil {
				t.Fatal(err)
			}
			key := parts.Field(keyHeader)
			if key != "" && !strings.HasPrefix(l.id, "<"+key+"@") {
				t.Errorf("key %s of the mail %s", key, l.id)
			}
			keys = append(keys, key)
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	}
	first, again, test := keys(Job{}, keyHeader), keys(Job{}, keyHeader), keys(Job{Redirect: "me@example.com"}, keyHeader)
	if len(first) < 2 || first[0] == "" || !slices.Equal(first, again) {
		t.Errorf("keys %q, and made again %q", first, again)
	}
	for _, key := range test {
		if slices.Contains(first, key) {
			t.Errorf("the test's key %s is that of the real mail", key)
		}
	}
	if none := keys(Job{}, ""); !slices.Equal(none, []string{""}) {
		t.Errorf("nobody asked for keys: %q", none)
	}
}
