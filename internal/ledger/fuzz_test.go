package ledger

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whatever surrounds a password in a DSN, neither what is wrong with it nor the place that errors name holds it.
func FuzzStateDSN(f *testing.F) {
	for _, c := range [][3]string{
		{"postgres://drumbeat:", "", "@db/state"}, {"postgres://drumbeat:", "%", "@db:5432/state?sslmode=requred"}, {"postgresql://u:", "#", "@/?host=/run"},
		{"postgres://u:12/", "", "@db/state"}, {"postgres://u:12?", "", "@db/state"}, {"host=db password=", "", " dbname=state"},
		{"mysql://u:", "", "@db"}, {"postgres://u:", "@", "@db"}, {"postgres://u:[", "]", "@db"}, {"postgres://u@db/state?password=", "", ""},
	} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, before, after, rest string) {
		const password = "hunter2"
		dsn := before + password + after + rest
		if strings.HasPrefix(dsn, "sqlite:") {
			return // it would make the file
		}
		_, db, err := openDialect(dsn)
		if err == nil {
			ok(t, db.Close())
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the password is told: %v", err)
		}
		if _, in, _ := strings.Cut(before, "://"); strings.Contains(in, ":") && !strings.ContainsAny(in, "@/") && err == nil && strings.Contains(place(dsn), password) {
			t.Errorf("the password is in the place: %s", place(dsn))
		}
	})
}

// Whatever stands in the journal: each line has an effect or is named as dropped, a delivery changes by a line of its
// own fence alone, and the journal is gone afterwards.
func FuzzJournal(f *testing.F) {
	for _, text := range []string{"\n\n", `{"delivery":1,"fence":1,"state":"sent"}`, `{"delivery":1,"fence":1,"message_id":"m","state":"pending","retry_at":"2026-01-05T08:00:00Z"}` + "\n",
		`{"delivery": 2, "fen`, `{"delivery":1e9,"fence":-1,"state":"failed","reply":"550"}`, `{"delivery":1,"fence":1,"state":"sending"}`, "[]\nnull\n\"\"\n{}\n\x00"} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "state.db")
	l, err := Open(f.Context(), "sqlite:"+path)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })                                                  // nothing is asked of it any more
	if _, err := l.db.ExecContext(f.Context(), "PRAGMA synchronous = OFF"); err != nil { // no power fails here
		f.Fatal(err)
	}
	run := weekly()
	if _, err := l.Plan(f.Context(), run, digests(2)); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := l.db.ExecContext(t.Context(), "UPDATE delivery SET state = 'pending', lease_until = NULL, next_attempt_at = created_at, attempts = 0"); err != nil {
			t.Fatal(err)
		}
		mine := claim(t, l, "mine", time.Minute)
		line := must(json.Marshal(entry{Delivery: mine.ID, Fence: mine.Fence, MessageID: mine.MessageID, State: Sent}))(t)
		ours := append(append([]byte("\n"), line...), '\n')
		ok(t, os.WriteFile(l.journal(), append(data[:len(data):len(data)], ours...), 0o600))
		done, err := l.Replay(t.Context())
		ok(t, err)
		lines, forged := 1, false
		for _, line := range strings.Split(string(data), "\n") {
			if strings.TrimSpace(line) != "" {
				lines++
			}
			var e entry
			forged = forged || json.Unmarshal([]byte(line), &e) == nil && e.Delivery == mine.ID && e.Fence == mine.Fence
		}
		if done.Marked+len(done.Dropped) != lines || done.Marked == 0 {
			t.Errorf("of %d lines %d were marked and %d dropped", lines, done.Marked, len(done.Dropped))
		}
		if _, err := os.Stat(l.journal()); !os.IsNotExist(err) {
			t.Errorf("the journal is still there: %v", err)
		}
		if !forged && state(t, l, mine.ID) != Sent {
			t.Errorf("our own result was lost: %s", state(t, l, mine.ID))
		}
	})
}
