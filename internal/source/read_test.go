package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// Under ICU these come as _ a B é; bytewise as B _ a é. Every stream has to agree with Go.
func TestDealsComeInByteOrderWithTheirOwnRows(t *testing.T) {
	files := map[string]string{"reps.csv": "id,name\nz,Z\nA,A\n_,U\n", "deals.csv": dealHead, "stage_changes.csv": changeHead,
		"activities.csv": "deal_id,at,kind\n"}
	for _, id := range []string{"é", "a", "_", "B", "a b", "a-b", "ab"} {
		files["deals.csv"] += id + ",x,2026-01-01 00:00:00,open\n"
		files["stage_changes.csv"] += id + ",stage of " + id + ",2026-01-01 00:00:00\n"
		files["activities.csv"] += id + ",2026-01-01 00:00:00,kind of " + id + "\n"
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, files)
		reading, end, err := open(t, Config{DSN: dsn}).Read(context.Background(), asOf)
		if err != nil {
			t.Fatal(err)
		}
		var ids, reps []string
		for h, err := range reading.Deals {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, h.Deal.ID)
			if len(h.Changes) != 1 || h.Changes[0].Stage != "stage of "+h.Deal.ID || len(h.Activities) != 1 || h.Activities[0].Kind != "kind of "+h.Deal.ID {
				t.Errorf("deal %s has %v and %v", h.Deal.ID, h.Changes, h.Activities)
			}
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if want := []string{"B", "_", "a", "a b", "a-b", "ab", "é"}; !reflect.DeepEqual(ids, want) {
			t.Errorf("deals in the order %q, want %q", ids, want)
		}
		for _, r := range reading.Reps {
			reps = append(reps, r.ID)
		}
		if want := []string{"A", "_", "z"}; !reflect.DeepEqual(reps, want) {
			t.Errorf("reps in the order %q, want %q", reps, want)
		}
	})
}

func TestOrderWithinADeal(t *testing.T) {
	const at = ",2026-01-01 00:00:00"
	cases := map[string]struct{ file, want string }{
		"the file's order decides a tie":   {changeHead + "d1,C" + at + "\nd1,A" + at + "\nd1,B" + at + "\n", "C A B"},
		"seq decides a tie, nulls last":    {"deal_id,stage,at,seq\nd1,N" + at + ",\nd1,C" + at + ",3\nd1,A" + at + ",-5\n", "A C N"},
		"time comes before seq":            {"deal_id,stage,at,seq\nd1,late,2026-01-02 00:00:00,1\nd1,early" + at + ",9\n", "early late"},
		"a microsecond is a difference":    {changeHead + "d1,B,2026-01-01 00:00:00.000002\nd1,A,2026-01-01 00:00:00.000001\n", "A B"},
		"the zone is part of the instant":  {changeHead + "d1,B,2026-01-01T01:30:00+01:00\nd1,A" + at + "\n", "A B"},
		"ten rows of one instant and more": {changeHead + strings.Repeat("d1,x"+at+"\n", 9) + "d1,y" + at + "\nd1,z" + at + "\n", "x x x x x x x x x y z"},
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				mustImport(t, dsn, with(map[string]string{"stage_changes.csv": c.file}))
				if got := stages(t, open(t, Config{DSN: dsn})); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
	})
}

// stages reads the stages of all changes, in order.
func stages(t *testing.T, s *Source) string {
	t.Helper()
	reading, end, err := s.Read(context.Background(), asOf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = end() }()
	var got []string
	for h, err := range reading.Deals {
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range h.Changes {
			got = append(got, change.Stage)
		}
	}
	return strings.Join(got, " ")
}

var counted = map[string]string{
	"reps.csv":          "id,name\nr1,Ada\n",
	"deals.csv":         dealHead + "d5,x,2026-01-01 00:00:00,open\n",
	"stage_changes.csv": changeHead + "d1,A,2026-01-01 00:00:00\nd5,A,2026-01-01 00:00:00\nd5,B,2026-03-01 00:00:00\nd9,A,2026-02-28 23:59:59.999999\n",
	"activities.csv":    "deal_id,at,kind,party\nd0,2026-01-01 00:00:00,call,buyer\nd5,2026-01-01 00:00:00,call,\nd5,2026-03-01 00:00:00,call,buyer\n",
	"criteria.csv":      "deal_id,criterion,met_at\nd5,c,2026-03-01 00:00:01\n",
	"waivers.csv":       "deal_id,checkpoint,reason,at\nd5,stage:a,x,2026-01-01 00:00:00\nd6,stage:a,x,2026-01-01 00:00:00\n",
}

// A row at the very instant is not seen; those of unknown deals are counted, and handed to no deal.
func TestCountsAreOfRowsBeforeTheInstant(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, counted)
		reading, deals := all(t, open(t, Config{DSN: dsn}), asOf)
		want := map[pipeline.Rows]int{pipeline.Reps: 1, pipeline.StageChanges: 3, pipeline.Activities: 2, pipeline.Criteria: 0, pipeline.Waivers: 2}
		if !reflect.DeepEqual(reading.Counts, want) {
			t.Errorf("counts %v, want %v", reading.Counts, want)
		}
		if len(deals) != 1 || strings.Count(deals[0], "{A ") != 1 || strings.Count(deals[0], "{B ") != 1 {
			t.Errorf("the deal has not its two changes, also the later one: %s", deals)
		}
		if reading.PartyNamed {
			t.Error("only an unknown deal and a later row name a party")
		}
		if later, _ := all(t, open(t, Config{DSN: dsn}), asOf.Add(time.Microsecond)); !later.PartyNamed {
			t.Error("an activity of a known deal names the buyer by then")
		}
	})
}

func TestWaiversOfTheConfigAreAddedAndCounted(t *testing.T) {
	extra := []pipeline.Waiver{
		{DealID: "d5", Checkpoint: "stage:b", Reason: "y", At: asOf.AddDate(0, -3, 0)},
		{DealID: "d5", Checkpoint: "stage:c", Reason: "z", At: asOf},
		{DealID: "none", Checkpoint: "stage:c", Reason: "z", At: asOf.AddDate(0, -1, 0)},
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, counted)
		reading, deals := all(t, open(t, Config{DSN: dsn, Waivers: extra}), asOf)
		if reading.Counts[pipeline.Waivers] != 4 {
			t.Errorf("%d waivers counted, want 4", reading.Counts[pipeline.Waivers])
		}
		b, a, c := strings.Index(deals[0], "stage:b"), strings.Index(deals[0], "stage:a"), strings.Index(deals[0], "stage:c")
		if b < 0 || a < b || c < a {
			t.Errorf("not merged by time: %s", deals[0])
		}
		mustImport(t, dsn, small)
		if reading, _ := all(t, open(t, Config{DSN: dsn, Waivers: []pipeline.Waiver{}}), asOf); !reading.Tables[pipeline.Waivers] {
			t.Error("an empty file of waivers is a source of waivers")
		}
	})
}

// An import that comes in the middle of a reading waits, or is not seen: the figures agree with each other.
func TestAReadingSeesOneStateWhileAnotherIsImported(t *testing.T) {
	files := func(stage string) map[string]string {
		var deals, rows strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&deals, "d%04d,%s,2026-01-01 00:00:00,open\n", i, stage)
			fmt.Fprintf(&rows, "d%04d,%s,2026-01-01 00:00:00\n", i, stage)
		}
		return map[string]string{"reps.csv": repHead + "r1," + stage + "\n", "deals.csv": dealHead + deals.String(),
			"stage_changes.csv": changeHead + rows.String(), "criteria.csv": "deal_id,criterion,met_at\n" + rows.String()}
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, files("old"))
		reading, end, err := open(t, Config{DSN: dsn}).Read(context.Background(), asOf)
		if err != nil {
			t.Fatal(err)
		}
		dir, done := folder(t, files("new")), make(chan error, 1)
		go func() {
			_, err := Import(context.Background(), dsn, []string{dir}, ImportOptions{})
			done <- err
		}()
		n := 0
		for h, err := range reading.Deals {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%1000 == 0 {
				time.Sleep(50 * time.Millisecond) // let the other come in
			}
			if h.Deal.Name != "old" || len(h.Changes) != 1 || h.Changes[0].Stage != "old" || len(h.Criteria) != 1 || h.Criteria[0].Criterion != "old" {
				t.Fatalf("deal %d is of two states: %v", n, *h)
			}
		}
		if n != 5000 {
			t.Errorf("%d deals", n)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if reading, _ := all(t, open(t, Config{DSN: dsn}), asOf); reading.Reps[0].Name != "new" {
			t.Error("the import is not seen afterwards")
		}
	})
}

// Rows that somebody else commits while a reading runs, in tables of the company's own.
func TestOwnTablesAreReadInOneSnapshot(t *testing.T) {
	dsn := dbtest.Postgres(t)
	db := raw(t, dsn)
	db.MustExec("CREATE TABLE opp (id int, stage text, at timestamp)")
	db.MustExec("INSERT INTO opp SELECT g, 'old', '2026-01-01' FROM generate_series(1, 3000) g")
	s := open(t, Config{DSN: dsn, Queries: map[pipeline.Rows]string{
		pipeline.Reps:         "SELECT 'r' AS id, 'Ada' AS name",
		pipeline.Deals:        "SELECT id, 'x' AS name, at AS created_at, 'open' AS outcome, stage FROM opp",
		pipeline.StageChanges: "SELECT id AS deal_id, stage, at FROM opp",
	}})
	reading, end, err := s.Read(context.Background(), asOf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = end() }()
	db.MustExec("UPDATE opp SET stage = 'new'")
	db.MustExec("INSERT INTO opp VALUES (0, 'new', '2026-01-01')")
	n := 0
	for h, err := range reading.Deals {
		if err != nil {
			t.Fatal(err)
		}
		if n++; h.Deal.Stage != "old" || h.Changes[0].Stage != "old" {
			t.Fatalf("the later state shows: %v", *h)
		}
	}
	if n != 3000 {
		t.Errorf("%d deals, want 3000", n)
	}
}

func TestReadingNeverWrites(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, small)
		queries := ownQueries(dsn)
		s := open(t, Config{DSN: dsn, Queries: queries})
		view, err := s.snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer view.end()
		_, err = view.first.Exec("DELETE FROM " + s.at.schema + "deals")
		if err == nil {
			t.Error("a reading could delete")
		}
	})
}

func TestAReadingCanStopEarlyOrBeCancelled(t *testing.T) {
	files := with(map[string]string{"stage_changes.csv": changeHead + strings.Repeat("d1,Stage,2026-01-01 00:00:00\n", 20000)})
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, files)
		s := open(t, Config{DSN: dsn})
		reading, end, err := s.Read(context.Background(), asOf)
		if err != nil {
			t.Fatal(err)
		}
		for range reading.Deals {
			break
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		reading, end, err = s.Read(ctx, asOf)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(20 * time.Millisecond)
		for _, err = range reading.Deals {
		}
		if err == nil {
			t.Error("a cancelled reading reads on")
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if _, deals := all(t, s, asOf); len(deals) != 1 {
			t.Error("the source cannot be read again")
		}
	})
}

func TestWhatCannotBeOpened(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want string
		bad  bool // the call is wrong, not the world
	}{
		"nobody listens":         {Config{DSN: "postgres://me:s3cret@127.0.0.1:1/sales?password=s3cret"}, "connect to postgres://me@127.0.0.1:1/sales: ", false},
		"no such file":           {Config{DSN: "sqlite:/nowhere/pipeline.db"}, "connect to sqlite:/nowhere/pipeline.db: no such file or directory", false},
		"a folder":               {Config{DSN: "sqlite:" + t.TempDir()}, "it is a folder; name a file", false},
		"another database":       {Config{DSN: "mysql://me:s3cret@host/db"}, "is neither postgres://… nor sqlite:PATH", true},
		"a password that cuts":   {Config{DSN: "postgres://me:s3%cret@host/db"}, "special characters as %XX", true},
		"no file":                {Config{DSN: "sqlite:"}, "names no file", true},
		"a URL of SQLite":        {Config{DSN: "sqlite:///tmp/x.db"}, "names no file; write sqlite:PATH", true},
		"a password that splits": {Config{DSN: "postgres://u:Se@s3cret#1@host/db"}, "special characters as %XX", true},
		"a setting of TLS":       {Config{DSN: "postgres://me:s3cret@host/db?sslmode=sometimes"}, `dsn: wrong value for "sslmode"`, true},
		"a preset of SQLite":     {Config{DSN: "sqlite:x", Preset: "salesforce"}, "presets read PostgreSQL, and this is SQLite", true},
		"a preset":               {Config{DSN: "sqlite:x", Preset: "nosuch"}, "source: preset: there is no preset \"nosuch\"; one of", true},
		"a schema in SQLite":     {Config{DSN: "sqlite:x", Schema: "y"}, "SQLite has no schemas", true},
		"queries are missing":    {Config{DSN: "sqlite:x", Queries: map[pipeline.Rows]string{"deals": "SELECT 1", "leads": "x", "reps": " ; "}}, "source: queries.reps: is empty", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(context.Background(), c.cfg)
			wantError(t, err, c.want)
			if strings.Contains(err.Error(), "cret") {
				t.Errorf("the password shows: %v", err)
			}
			if list := (fault.List)(nil); errors.As(err, &list) != c.bad {
				t.Errorf("a fault of the call: %v, want %v", !c.bad, c.bad)
			}
			if !c.bad && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

// The driver's own words for a certificate say nothing of what to do.
func TestACertificateThatIsNotTrustedSaysWhatToDo(t *testing.T) {
	for want, err := range map[string]error{
		"sslrootcert=FILE": &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
		"name the host in the DSN as its certificate does": x509.HostnameError{Certificate: &x509.Certificate{}, Host: "db"},
		"sslmode=disable": pq.ErrSSLNotSupported,
	} {
		wantError(t, postgres.explain(fmt.Errorf("x: %w", err)), want)
	}
}

func TestTablesThatAreNotThereYet(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		empty(t, dsn)
		err := readError(t, open(t, Config{DSN: dsn}))
		wantError(t, err, "there are no canonical tables yet; run `drumbeat import PATH --into DSN`")
		if list := (fault.List)(nil); !errors.As(err, &list) {
			t.Errorf("not a fault: %v", err)
		}
	})
}
