package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lib/pq"

	"drumbeat/internal/dbtest"
)

var asOf = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

// both runs a test on an empty ledger of each database.
func both(t *testing.T, test func(t *testing.T, l *Ledger)) {
	t.Helper()
	dbtest.Both(t, func(t *testing.T, dsn string) { test(t, open(t, dsn)) })
}

func open(t *testing.T, dsn string, options ...Option) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), dsn, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func weekly() Run { return Run{Schedule: "weekly", Period: "2026-11-16", AsOf: asOf} }

// digests are n pending deliveries, the first due longest.
func digests(n int) []Delivery {
	ds := make([]Delivery, n)
	for i := range ds {
		id := fmt.Sprintf("rep%02d", i)
		ds[i] = Delivery{
			Key: Key{Recipient: id + "@example.com", RepID: id}, Kind: "rep", MessageID: "<" + id + "@example.com>",
			Subject: "Your week", Date: asOf, NotBefore: asOf.Add(time.Duration(i) * time.Minute), Body: []byte("mail to " + id),
		}
	}
	return ds
}

func plan(t *testing.T, l *Ledger, n int) {
	t.Helper()
	if added := must(l.Plan(t.Context(), weekly(), digests(n)))(t); added != n {
		t.Fatalf("planned %d, want %d", added, n)
	}
}

func claim(t *testing.T, l *Ledger, owner string, lease time.Duration) *Delivery {
	t.Helper()
	return must(l.Claim(t.Context(), Claim{Owner: owner, Lease: lease}))(t)
}

func state(t *testing.T, l *Ledger, id int64) State {
	t.Helper()
	return must(l.Get(t.Context(), id))(t).State
}

// together runs n of them at once.
func together(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// Faults 19 and 20: starters at once, and what the connection that marks is set to.
func TestOpen(t *testing.T) {
	t.Run("four starters at once on an empty database", func(t *testing.T) {
		dbtest.Both(t, func(t *testing.T, dsn string) {
			together(4, func(int) {
				l, err := Open(context.Background(), dsn)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := l.Count(context.Background(), Filter{}); err != nil {
					t.Error(err)
				}
				_ = l.Close()
			})
		})
	})
	t.Run("a state DSN that is none", func(t *testing.T) {
		for _, dsn := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "sqlite:/no/such/folder/x.db",
			"postgres://u:s3cret@%zz/x", "postgres://u:s3cret@127.0.0.1/x?sslmode=maybe", "postgres://u:s3cret@127.0.0.1:1/x?connect_timeout=1"} {
			_, err := Open(t.Context(), dsn)
			if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "u:") {
				t.Errorf("%s: %v", dsn, err)
			}
			if reached := strings.HasPrefix(dsn, "sqlite:/") || strings.Contains(dsn, "127.0.0.1:1"); errors.Is(err, ErrDSN) == reached {
				t.Errorf("%s: whose fault is it? %v", dsn, err)
			}
		}
	})
	t.Run("migrate what is migrated", func(t *testing.T) {
		dbtest.Both(t, func(t *testing.T, dsn string) {
			ok(t, Migrate(t.Context(), dsn))
			ok(t, Migrate(t.Context(), dsn))
			open(t, dsn)
		})
	})
	t.Run("an SQLite file is its owner's", func(t *testing.T) {
		l := open(t, "sqlite:"+t.TempDir()+"/state of a?b#c%d.db")
		plan(t, l, 1)
		for _, suffix := range []string{"", "-wal"} {
			if mode := must(os.Stat(l.dialect.file + suffix))(t).Mode().Perm(); mode != 0o600 {
				t.Errorf("mode of %q is %o", suffix, mode)
			}
		}
		var sync, journal string
		ok(t, l.db.Get(&sync, "PRAGMA synchronous"))
		ok(t, l.db.Get(&journal, "PRAGMA journal_mode"))
		if sync != "2" || journal != "wal" {
			t.Errorf("synchronous %s, journal %s", sync, journal)
		}
	})
}

// Fault 19: a schema newer or older than the program. The program of the future has one migration more.
func TestAnotherSchemaIsRefused(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		today := open(t, dsn)
		plan(t, today, 1)
		future := open(t, dsn)
		steps := fstest.MapFS{}
		files := must(fs.Glob(today.steps, "*.sql"))(t)
		for _, name := range files {
			steps[name] = &fstest.MapFile{Data: must(fs.ReadFile(today.steps, name))(t)}
		}
		steps["99999_future.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" +
			future.dialect.translate("ALTER TABLE drumbeat_state.schedule ADD COLUMN future integer;"))}
		future.steps = steps

		var schema *SchemaError
		refused := func(err error, have int64) {
			t.Helper()
			if !errors.As(err, &schema) || schema.Have != have || !strings.Contains(err.Error(), "drumbeat migrate --config F") {
				t.Errorf("got %v", err)
			}
		}
		refused(future.ready(t.Context()), int64(len(files)))
		together(2, func(int) {
			if err := future.migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
		ok(t, future.ready(t.Context()))
		if d := claim(t, future, "me", time.Minute); d == nil {
			t.Error("the old rows are gone")
		}
		refused(today.ready(t.Context()), 99999)
		refused(today.migrate(t.Context()), 99999)
		if _, err := Open(t.Context(), dsn); !errors.As(err, &schema) {
			t.Errorf("opened: %v", err)
		}
	})
}

// Fault 16: a server that is gone without a word must not keep a worker waiting for ever.
func TestASilentServerIsGivenUp(t *testing.T) {
	mute := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer func() { _ = mute.Close() }()
	connector := must(pq.NewConnector("postgres://u@" + mute.Addr().String() + "/x?sslmode=disable"))(t)
	connector.Dialer(dialer{silence: short})
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	var e net.Error
	if err := db.PingContext(t.Context()); !errors.As(err, &e) || !e.Timeout() {
		t.Errorf("got %v", err)
	}
}

// Fault 20: a second process.
func TestProcessLock(t *testing.T) {
	t.Run("a second worker process on SQLite is refused", func(t *testing.T) {
		dsn := dbtest.SQLite(t)
		l := open(t, dsn)
		release := must(l.LockProcess(t.Context()))(t)
		out, err := second(t, dsn)
		if err == nil || !strings.Contains(out, "process "+strconv.Itoa(os.Getpid())) {
			t.Errorf("second process: %v: %s", err, out)
		}
		if _, err := open(t, dsn).LockProcess(t.Context()); !errors.Is(err, ErrLocked) {
			t.Errorf("second ledger of this process: %v", err)
		}
		plan(t, open(t, dsn), 1) // others may work beside it
		ok(t, release())
		if out, err := second(t, dsn); err != nil {
			t.Errorf("after release: %v: %s", err, out)
		}
	})
	t.Run("any number on Postgres", func(t *testing.T) {
		dsn := dbtest.Postgres(t)
		for range 2 {
			ok(t, must(open(t, dsn).LockProcess(t.Context()))(t)())
		}
	})
}

func TestWhoHoldsTheLockEndsTheLeasesOfTheDead(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 1)
		dead := claim(t, l, "dead", time.Minute)
		ok(t, l.EndDeadLeases(t.Context()))
		if d := claim(t, l, "next", time.Minute); d != nil {
			t.Fatal("a lease ended though its owner may be alive")
		}
		release := must(l.LockProcess(t.Context()))(t)
		defer func() { ok(t, release()) }()
		ok(t, l.EndDeadLeases(t.Context()))
		d := claim(t, l, "next", time.Minute)
		if certain := l.dialect.file != ""; (d != nil) != certain {
			t.Fatalf("with the lock it claimed %+v", d)
		}
		if d != nil && (d.ID != dead.ID || d.Fence <= dead.Fence || string(d.Body) != string(dead.Body)) {
			t.Errorf("claimed again: %+v", d)
		}
	})
}

func second(t *testing.T, dsn string) (string, error) {
	t.Helper()
	out, err := helper(t, "lock", dsn).CombinedOutput()
	return string(out), err
}

func TestNormalAddress(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"domain in capitals", "Ann.Lee@Example.COM", "Ann.Lee@example.com"},
		{"the local part is the server's business", "ANN@example.com", "ANN@example.com"},
		{"a quoted @", `"a@B"@Example.com`, `"a@B"@example.com`},
		{"spaces around", " ann@Example.com\t", "ann@example.com"},
		{"no address", "", ""},
		{"no domain", "Ann", "Ann"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := NormalAddress(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBytesComeBackAsTheyWere(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		body := make([]byte, 0, 512)
		for i := range 256 {
			body = append(body, byte(i), byte(255-i))
		}
		want := Delivery{
			Key:  Key{Schedule: "weekly", Period: "2026-11-16", Recipient: "zoë@example.com", RepID: "r 1"},
			Kind: "manager", State: Pending, MessageID: "<x@y>", Subject: "Wöchentlich ✓ 'x' -- ;", Body: body,
			Date:      time.Date(2026, 11, 16, 7, 0, 0, 0, time.FixedZone("", 3600)),
			NotBefore: time.Date(2026, 11, 16, 6, 0, 0, 123456789, time.UTC),
		}
		must(l.Plan(t.Context(), weekly(), []Delivery{want}))(t)
		got := claim(t, l, "me", time.Minute)
		if !bytes.Equal(got.Body, body) {
			t.Error("the body has changed")
		}
		if got.Key != want.Key || got.Subject != want.Subject || got.Kind != "manager" || !got.Date.Equal(want.Date) ||
			!got.NotBefore.Equal(want.NotBefore.Truncate(time.Microsecond)) || got.State != Sending || got.Owner != "me" || got.Attempts != 1 || got.PlannedAt.IsZero() {
			t.Errorf("got %+v", got)
		}
		list := must(l.List(t.Context(), Filter{State: Sending}))(t)
		if len(list) != 1 || list[0].Body != nil || list[0].ID != got.ID {
			t.Errorf("listed %+v", list)
		}
	})
}

func TestOptOuts(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		for _, a := range []string{"b@x.example", "a@X.example", "a@x.EXAMPLE", "B@x.example"} {
			ok(t, l.OptOut(t.Context(), a, ""))
		}
		if got := fmt.Sprint(must(l.OptOuts(t.Context(), ""))(t)); got != "[B@x.example a@x.example b@x.example]" {
			t.Error(got)
		}
		ok(t, l.OptIn(t.Context(), "a@x.example", ""))
		if got := len(must(l.OptOuts(t.Context(), ""))(t)); got != 2 {
			t.Errorf("%d left", got)
		}
	})
}
