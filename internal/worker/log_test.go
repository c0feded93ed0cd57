package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
)

// A round in which everything goes wrong that can: whoever reads the log learns of each failure, and of no person.
func TestTheLogNamesNobodyWhateverGoesWrong(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				monday := time.Now().AddDate(0, 0, 2)
				k, m := watched(t, monday.AddDate(0, 0, 3), `
  - {name: own, digest: rep, cron: "0 7 * * 1", skip_empty: false, ping: "https://monitor.example.com/own"}
  - {name: team, digest: manager, cron: "0 7 * * 1", skip_empty: false}
  - {name: ops, digest: admin, cron: "30 7 * * 1", recipients: {addresses: [ops@example.com]}}
`)
				if format == "json" {
					k.Log = slog.New(slog.NewJSONHandler(k.logs, nil))
				}
				for _, s := range k.Config.Schedules {
					if err := k.ledger.SetLastDue(context.Background(), s.Name, time.Now()); err != nil {
						t.Fatal(err)
					}
				}
				misadventures(t, k)
				time.Sleep(time.Until(monday.Add(7*time.Hour - time.Minute)))
				k.serveUntil(monday.Add(7*time.Hour + 3*time.Minute))
				k.source.breaks(fmt.Errorf("connection reset"))
				time.Sleep(time.Until(monday.AddDate(0, 0, 7).Add(7*time.Hour - time.Minute)))
				k.serveUntil(time.Now().Add(4 * time.Minute))

				log := k.logs.String()
				for _, r := range k.source.p.Reps {
					for _, word := range append(strings.Fields(r.Name), r.Email, strings.Split(r.Email+"@", "@")[0]) {
						if len(word) > 2 && strings.Contains(log, word) {
							t.Errorf("%q stands in the log", word)
						}
					}
				}
				for _, secret := range []string{"@", "12,345", "monitor.example.com", "sqlite:"} {
					if strings.Contains(log+strings.Join(m.bodies, ""), secret) {
						t.Errorf("%q stands in the log, or was said to the monitor", secret)
					}
				}
				for _, told := range []string{"digest not made", "refused for good", "run done", "not delivered", "refused for good: 550 5.1.1",
					"not made", "schedule not run", "template: rep.html:3:5"} {
					if !strings.Contains(log, told) {
						t.Errorf("%q is not told:\n%s", told, log)
					}
				}
				if format == "json" {
					for line := range strings.Lines(log) {
						if !json.Valid([]byte(line)) {
							t.Errorf("not JSON: %s", line)
						}
					}
				}
				_ = k.ledger.Close()
			})
		})
	}
}

// misadventures prepares a refusal and a greylisting that quote the recipient, digests that panic or fail with a deal's
// words, somebody without and somebody with a wrong address, and an opt-out.
func misadventures(t *testing.T, k *kit) {
	t.Helper()
	n := 0
	k.source.people(func(r *pipeline.Rep) {
		switch n++; n {
		case 4:
			r.Email = ""
		case 5:
			r.Email = r.Name + " at home"
		case 6:
			if err := k.ledger.OptOut(context.Background(), ledger.NormalAddress(r.Email), "rep"); err != nil {
				t.Error(err)
			}
		}
	})
	var mu sync.Mutex
	made := 0
	k.Render = func(d *digest.Digest) (render.Content, error) {
		mu.Lock()
		defer mu.Unlock()
		if d.Kind == digest.Rep {
			switch made++; made {
			case 1:
				panic("the deal of " + d.Recipient.Name + " over 12,345")
			case 2:
				return render.Content{}, fmt.Errorf(`template: rep.html:3:5: executing "rep.html" at <.Name>: %s has 12,345`, d.Recipient.Name)
			}
		}
		return render.Render(d)
	}
	k.relay.answers(func(to string, try int) smtp.Result {
		local, _, _ := strings.Cut(to, "@")
		switch {
		case try == 1:
			return smtp.Result{Outcome: smtp.Temporary, Reply: "450 4.2.0 <" + to + ">: " + local + " comes later"}
		case len(to)%2 == 0 && to != "ops@example.com":
			return smtp.Result{Outcome: smtp.Permanent, Reply: "550 5.1.1 <" + to + ">: " + local + " unknown"}
		}
		return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
	})
}
