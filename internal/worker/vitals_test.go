package worker

import (
	"errors"
	"testing"
	"time"

	smtp "drumbeat/internal/mail"
)

func TestVitalsTellOfTheRelayAndTheSource(t *testing.T) {
	k := newKit(t, monday, "")
	if v := k.Vitals(); v.RelayFailures != 0 || len(v.SourceAge) != 0 {
		t.Errorf("before anything ran: %+v", v)
	}
	k.relay.down = errors.New("connection refused")
	k.do(Job{Schedule: k.schedule("team")})
	v := k.Vitals()
	if v.RelayFailures == 0 {
		t.Error("the relay is down, and nobody notes it")
	}
	if age, ok := v.SourceAge["team"]; !ok || age < 0 || age > 14*24*time.Hour || len(v.SourceAge) != 1 {
		t.Errorf("the sample is fresh: %v", v.SourceAge)
	}
	before := v.RelayFailures
	k.do(Job{Schedule: k.schedule("team")})
	if v := k.Vitals(); v.RelayFailures <= before {
		t.Errorf("%d failures, and then %d", before, v.RelayFailures)
	}
	k.relay.down = nil
	k.relay.answers(func(string, int) smtp.Result {
		return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no such user"}
	})
	k.do(Job{Schedule: k.schedule("team")})
	if v := k.Vitals(); v.RelayFailures != 0 {
		t.Errorf("it refuses one mail, and works: %d failures", v.RelayFailures)
	}
}
