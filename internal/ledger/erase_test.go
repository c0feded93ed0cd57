package ledger

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// ann is a person who stands wherever a ledger can name one.
func ann(t *testing.T, l *Ledger) (own []int64, mention int64) {
	t.Helper()
	ds := digests(6)
	for i, d := range ds[:4] {
		ds[i].Recipient, ds[i].RepID = "ann@example.com", d.RepID+"-annsid"
		ds[i].Subject, ds[i].Body = "Annika Ebbesen, your week", []byte(strings.Repeat("a mail to Annika Ebbesen. ", 2000))
	}
	ds[4].Subject, ds[4].Body = "Ask Annika Ebbesen", []byte(strings.Repeat("ask Annika Ebbesen. ", 2000))
	must(l.Plan(t.Context(), weekly(), ds))(t)
	for range 4 { // sent, failed, unknown, and one that waits
		d := claim(t, l, "me", time.Minute)
		state := Sent
		if len(own) == 1 {
			state = Failed
		}
		if len(own) == 2 {
			state = Unknown
		}
		if len(own) < 3 {
			ok(t, l.Mark(t.Context(), d, Result{State: state, Reply: "about ann@example.com", Reason: map[State]string{Failed: "no ann@example.com"}[state]}))
		} else {
			ok(t, l.Mark(t.Context(), d, Result{State: Pending, Reply: "450 ann@example.com", RetryAt: time.Now().Add(time.Hour)}))
		}
		own = append(own, d.ID)
	}
	boss := claim(t, l, "me", time.Minute)
	ok(t, l.Mark(t.Context(), boss, Result{State: Sent, Reply: "250 ok"}))
	ok(t, l.OptOut(t.Context(), "ann@example.com", "manager"))
	return own, boss.ID
}

func TestAPersonsDataAreRemovedAndNothingIsSentTwice(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		own, mention := ann(t, l)
		var before []Delivery
		ok(t, l.Sweep(t.Context(), func(d Delivery) error { before = append(before, d); return nil }))
		if len(before) != 6 || len(before[0].Body) == 0 {
			t.Fatalf("swept: %+v", before)
		}
		n, m := must2(l.Erase(t.Context(), Erasure{Own: own, Mentions: []int64{mention}, OptOuts: []string{"ann@EXAMPLE.com"}}))(t)
		if n != 4 || m != 1 {
			t.Errorf("%d of hers, %d that name her", n, m)
		}
		for i, id := range own {
			d := must(l.Get(t.Context(), id))(t)
			want := Skipped
			if before[i].State == Sent {
				want = Sent
			}
			if d.State != want || d.Recipient+d.Subject+d.Reply != "" || strings.Contains(d.RepID, "ann") || d.Body != nil || d.Reason != Erased || d.MessageID != before[i].MessageID {
				t.Errorf("%s: %+v", before[i].State, d)
			}
		}
		if d := must(l.Get(t.Context(), mention))(t); d.Recipient != "rep04@example.com" || d.Subject != "" || d.Body != nil || d.State != Sent {
			t.Errorf("the mail to her manager: %+v", d)
		}
		if out := must(l.OptOuts(t.Context(), ""))(t); len(out) > 0 {
			t.Errorf("opted out: %v", out)
		}
		// Whoever plans the period again does not see her key, and makes nothing of it all the same: nor under another domain.
		again := digests(6)
		for i := range again[:4] {
			again[i].Recipient, again[i].RepID = "ann@example.com", again[i].RepID+"-annsid"
		}
		if added := must(l.Plan(t.Context(), weekly(), again))(t); added != 0 {
			t.Errorf("%d made again", added)
		}
		next := weekly()
		next.Period = "2026-11-23"
		for i := range again {
			again[i].Key.Period, again[i].MessageID = "", "next"+again[i].MessageID
		}
		if added := must(l.Plan(t.Context(), next, again))(t); added != 6 {
			t.Errorf("%d of the next period", added)
		}
	})
}

func must2[A, B any](a A, b B, err error) func(*testing.T) (A, B) {
	return func(t *testing.T) (A, B) {
		t.Helper()
		ok(t, err)
		return a, b
	}
}

func TestWhatIsBeingSentIsNotRemovedUnderItsSender(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 2)
		alive, dead := claim(t, l, "me", time.Minute), claim(t, l, "dead", time.Millisecond)
		time.Sleep(5 * time.Millisecond) // the length of a lease
		n, m := must2(l.Erase(t.Context(), Erasure{Own: []int64{alive.ID, dead.ID}, Mentions: []int64{alive.ID}}))(t)
		if n != 1 || m != 0 {
			t.Errorf("removed %d, emptied %d", n, m)
		}
		ok(t, l.Mark(t.Context(), alive, Result{State: Sent}))
		if err := l.Mark(t.Context(), dead, Result{State: Sent, Reply: "250 rep01@example.com"}); !errors.Is(err, ErrFenced) {
			t.Errorf("a late word put the address back: %v", err)
		}
		if d := claim(t, l, "next", time.Minute); d != nil {
			t.Errorf("claimed %+v", d)
		}
	})
}

// The bytes are gone from the files, not only from the tables: with the database open, as under a worker.
func TestRemovedBytesAreGoneFromTheFile(t *testing.T) {
	for name, remove := range map[string]func(*testing.T, *Ledger, []int64, int64){
		"a person": func(t *testing.T, l *Ledger, own []int64, mention int64) {
			must2(l.Erase(t.Context(), Erasure{Own: own, Mentions: []int64{mention}, OptOuts: []string{"ann@example.com"}}))(t)
		},
		"old mails": func(t *testing.T, l *Ledger, own []int64, mention int64) {
			later := l.clock().Add(8 * 24 * time.Hour)
			for _, id := range own[1:] { // what is not dealt with is kept for somebody to decide
				must(l.db.Exec("UPDATE delivery SET state = 'sent', updated_at = created_at WHERE id = ?", id))(t)
			}
			l.clock = func() time.Time { return later }
			if n := must(l.Forget(t.Context(), 24*time.Hour))(t); n != 5 {
				t.Errorf("%d emptied", n)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := dbtest.SQLite(t)
			l := open(t, dsn)
			own, mention := ann(t, l)
			mails, names := traces(t, dsn)
			if mails == 0 || names == 0 {
				t.Fatalf("the test looks in the wrong place: %d mails, %d names", mails, names)
			}
			remove(t, l, own, mention)
			mails, names = traces(t, dsn)
			if mails > 0 || name == "a person" && names > 0 {
				t.Errorf("in the files there are still %d pieces of mails and %d names", mails, names)
			}
		})
	}
}

// traces counts what the files of an SQLite ledger hold of ann: pieces of mails, and all else.
func traces(t *testing.T, dsn string) (mails, names int) {
	t.Helper()
	file := strings.TrimPrefix(dsn, "sqlite:")
	for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal"} {
		text, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		mails += bytes.Count(text, []byte("to Annika")) + bytes.Count(text, []byte("ask Annika"))
		names += bytes.Count(text, []byte("ann@example.com")) + bytes.Count(text, []byte("annsid")) + bytes.Count(text, []byte("Annika Ebbesen, your"))
	}
	return mails, names
}
