package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

const (
	repHead    = "id,name\n"
	dealHead   = "id,name,created_at,outcome\n"
	changeHead = "deal_id,stage,at\n"
)

// Each broken input with every fault it has, as its reader sees them.
var broken = []struct {
	name  string
	files map[string]string
	want  []string
}{
	{"unknown column, with the likely one", map[string]string{"deals.csv": "id,name,crated_at,outcome,ammount\n"},
		[]string{"deals.csv:1: crated_at: is no column of deals; did you mean created_at?", "deals.csv:1: ammount: is no column of deals; did you mean amount?",
			"deals.csv:1: created_at: this column is missing"}},
	{"missing columns", map[string]string{"deals.csv": "id,name\nd1,Acme\n"},
		[]string{"deals.csv:1: created_at: this column is missing; deals cannot do without it", "deals.csv:1: outcome: this column is missing"}},
	{"no ids at all are no duplicates", map[string]string{"reps.csv": "name\nAda\nBo\n"}, []string{"reps.csv:1: id: this column is missing"}},
	{"a column twice", map[string]string{"reps.csv": "id,name,name\nr1,Ada,Ada\n"}, []string{"reps.csv:1: name: stands twice in the header"}},
	{"a column without a name", map[string]string{"reps.csv": "id,name,\nr1,Ada,\n"}, []string{`reps.csv:1: "": is no column of reps`}},
	{"semicolons", map[string]string{"reps.csv": "id;name\nr1;Ada\n"},
		[]string{`reps.csv:1: id;name: is no column of reps; fields are separated by commas here, not by ";"`,
			"reps.csv:1: id: this column is missing", "reps.csv:1: name: this column is missing"}},
	{"an empty file", map[string]string{"stage_changes.csv": " "}, nil}, // replaced below: with "" the file is absent
	{"a required file is missing", map[string]string{"stage_changes.csv": ""}, []string{": stage_changes.csv is missing; reps.csv, deals.csv and stage_changes.csv are required"}},
	{"UTF-16 with its mark", map[string]string{"reps.csv": "\xff\xfei\x00d\x00"}, []string{"reps.csv:1: is UTF-16, not UTF-8; save it as CSV UTF-8"}},
	{"UTF-16 without a mark", map[string]string{"reps.csv": "i\x00d\x00,\x00"}, []string{"reps.csv:1: is UTF-16, not UTF-8"}},
	{"Latin-1, with its line", map[string]string{"reps.csv": repHead + "r1,Ada\nr2,Ren\xe9\n"}, []string{`reps.csv:3: is not UTF-8 (Windows-1252 perhaps); save it as "CSV UTF-8"`}},
	{"Latin-1 in every line, said once", map[string]string{"reps.csv": "id,name,team\nr1,Ren\xe9,S\xfcd\nr2,J\xfcrgen,\n\xe9,,\n\xe8,,\n"}, []string{"reps.csv:2: is not UTF-8"}},
	{"a NUL byte", map[string]string{"reps.csv": repHead + "r1,A\x00da\n"}, []string{"reps.csv:2: name: holds a NUL byte"}},
	{"broken bytes in the third line of a field", map[string]string{"reps.csv": repHead + "r1,\"a\nb\nc\xff\"\n"}, []string{"reps.csv:4: is not UTF-8"}},
	{"a quote inside a bare field", map[string]string{"reps.csv": repHead + "r1,A\"da\nr2,\n"},
		[]string{"reps.csv:2: a quote stands inside a field that is not quoted", "reps.csv:3: name: is empty"}},
	{"text after a closed quote", map[string]string{"reps.csv": repHead + "r1,\"Ada\" L\n"}, []string{"reps.csv:2: broken quoting"}},
	{"a quote that is never closed", map[string]string{"reps.csv": repHead + "r1,Ada\nr2,\"Bo\nr3,Cy\nr4,Di\n"},
		[]string{"reps.csv:3: broken quoting: a quote of this row is not closed as far as line "}},
	{"a quote that swallows more than anybody writes", map[string]string{"reps.csv": repHead + "r1,Ada\nr2,\"" + strings.Repeat("x\n", 1<<20)},
		[]string{"reps.csv:3: the row is longer than 1048576 bytes; somewhere a quote is not closed"}},
	{"wrong numbers of fields, after a field of two lines", map[string]string{"reps.csv": repHead + "r1,\"A\nda\"\nr2\nr3,Cy,x\n"},
		[]string{"reps.csv:4: 1 fields, where the header has 2", "reps.csv:5: 3 fields, where the header has 2; quote a field that holds a comma"}},
	{"bad instants", map[string]string{"stage_changes.csv": changeHead + "d1,A,1/2/2026\nd1,A,2026-02-30T10:00:00Z\nd1,A,2026-02-03T10:00:00\n" +
		"d1,A,2026-02-03 10:00:00Z\nd1,A,2026-02-03 10:00\nd1,A,2026-02-03T24:00:00Z\nd1,A,\"2026-02-03T10:00:00,5Z\"\nd1,A,2026-02-03\n"},
		[]string{`stage_changes.csv:2: at: "1/2/2026" is no instant; write 2006-01-02T15:04:05Z, or 2006-01-02 15:04:05 for UTC`,
			"stage_changes.csv:3: at: ", "stage_changes.csv:4: at: ", "stage_changes.csv:5: at: ", "stage_changes.csv:6: at: ",
			"stage_changes.csv:7: at: ", "stage_changes.csv:8: at: ", "stage_changes.csv:9: at: "}},
	{"seven decimals of a second", map[string]string{"stage_changes.csv": changeHead + "d1,A,2026-01-01T10:00:00.1234567Z\n"},
		[]string{`stage_changes.csv:2: at: "2026-01-01T10:00:00.1234567Z" has more than 6 decimals of a second`}},
	{"absurd years", map[string]string{"deals.csv": "id,name,created_at,outcome,expected_close\nd1,A,0026-01-01 00:00:00,open,9999-12-31\n"},
		[]string{"deals.csv:2: created_at: the year 0026 is outside 1900 to 2100", "deals.csv:2: expected_close: the year 9999 is outside"}},
	{"bad dates", map[string]string{"deals.csv": "id,name,created_at,outcome,expected_close\nd1,A,2026-01-01 00:00:00,open,03/04/2026\nd2,A,2026-01-01 00:00:00,open,2026-13-01\n"},
		[]string{`deals.csv:2: expected_close: "03/04/2026" is no date; write YYYY-MM-DD`, "deals.csv:3: expected_close: "}},
	{"bad numbers", map[string]string{"deals.csv": "id,name,created_at,outcome,amount\nd1,A,2026-01-01 00:00:00,open,\"1,000\"\nd2,A,2026-01-01 00:00:00,open,1e3\n" +
		"d3,A,2026-01-01 00:00:00,open,NaN\nd4,A,2026-01-01 00:00:00,open,1.23456\nd5,A,2026-01-01 00:00:00,open,1234567890123456\n"},
		[]string{`deals.csv:2: amount: "1,000" is no number; write digits with a dot and no separators`, "deals.csv:3: amount: ", "deals.csv:4: amount: ",
			`deals.csv:5: amount: "1.23456" has more than 4 decimals`, "deals.csv:6: amount: "}},
	{"probabilities outside 0 to 1", map[string]string{"deals.csv": "id,name,created_at,outcome,probability\nd1,A,2026-01-01 00:00:00,open,-0.1\nd2,A,2026-01-01 00:00:00,open,60\n"},
		[]string{"deals.csv:2: probability: -0.1 is outside 0 to 1", "deals.csv:3: probability: 60 is outside 0 to 1; write a probability of 60 % as 0.6"}},
	{"unknown outcome", map[string]string{"deals.csv": dealHead + "d1,A,2026-01-01 00:00:00,Won\n"}, []string{`deals.csv:2: outcome: "Won" is unknown; one of open, won, lost`}},
	{"unknown party", map[string]string{"activities.csv": "deal_id,at,kind,party\nd1,2026-01-01 00:00:00,call,client\n"},
		[]string{`activities.csv:2: party: "client" is unknown; one of buyer, seller`}},
	{"bad boolean and whole number", map[string]string{"reps.csv": "id,name,active\nr1,Ada,maybe\n", "stage_changes.csv": changeHead[:len(changeHead)-1] + ",seq\nd1,A,2026-01-01 00:00:00,1.5\n"},
		[]string{`reps.csv:2: active: "maybe" is neither true nor false`, `stage_changes.csv:2: seq: "1.5" is no whole number`}},
	{"ids twice, with the line of the first", map[string]string{"reps.csv": repHead + "r1,Ada\nr2,Bo\nr1,Cy\n", "deals.csv": dealHead + "d,A,2026-01-01 00:00:00,open\nd,B,2026-01-01 00:00:00,open\n"},
		[]string{`reps.csv:4: id: "r1" stands on line 2 already`, `deals.csv:3: id: "d" stands on line 2 already`}},
	{"an id again that stood in a row with another fault", map[string]string{"deals.csv": dealHead + "d,A,yesterday,open\nd,B,2026-01-01 00:00:00,open\n"},
		[]string{`deals.csv:2: created_at: "yesterday" is no instant`, `deals.csv:3: id: "d" stands on line 2 already`}},
	{"the same waiver twice", map[string]string{"waivers.csv": "deal_id,checkpoint,reason,at\nd1,stage:a,x,2026-01-01 00:00:00\nd1,stage:a,y,2026-01-02 00:00:00\n"},
		[]string{`waivers.csv:3: deal_id, checkpoint: "d1, stage:a" stands on line 2 already`}},
	{"empty required values", map[string]string{"reps.csv": repHead + ",Ada\nr2,  \n"}, []string{"reps.csv:2: id: is empty", "reps.csv:3: name: holds nothing but spaces"}},
	{"a huge field", map[string]string{"reps.csv": repHead + strings.Repeat("r", 501) + ",Ada\n"}, []string{"reps.csv:2: id: is 501 bytes long; at most 500"}},
	{"faults in several files and values, in order", map[string]string{
		"reps.csv":          repHead + "r1,\n",
		"deals.csv":         dealHead + "d1,A,yesterday,done\n",
		"stage_changes.csv": changeHead + "d1,,x\n"},
		[]string{"reps.csv:2: name: ", "deals.csv:2: created_at: ", "deals.csv:2: outcome: ", "stage_changes.csv:2: stage: ", "stage_changes.csv:2: at: "}},
}

func TestBrokenInputIsNamedAndChangesNothing(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, small)
		before := hash(all(t, open(t, Config{DSN: dsn}), asOf))
		for _, c := range broken {
			t.Run(c.name, func(t *testing.T) {
				dir := folder(t, with(c.files))
				if c.want == nil {
					c.want = []string{"stage_changes.csv:1: is empty; its first line names the columns: deal_id,stage,at,rep_id,seq"}
					if err := os.WriteFile(filepath.Join(dir, "stage_changes.csv"), nil, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				_, err := Import(context.Background(), dsn, []string{dir}, ImportOptions{})
				var list fault.List
				if !errors.As(err, &list) {
					t.Fatalf("no faults but %v", err)
				}
				if len(list) != len(c.want) {
					t.Errorf("%d faults, want %d:\n%v", len(list), len(c.want), list)
				}
				for i := range min(len(list), len(c.want)) {
					if got := strings.TrimPrefix(list[i].String(), dir+"/"); !strings.HasPrefix(strings.TrimPrefix(got, dir), c.want[i]) {
						t.Errorf("fault %d:\n got %s\nwant %s", i+1, got, c.want[i])
					}
				}
			})
		}
		if after := hash(all(t, open(t, Config{DSN: dsn}), asOf)); after != before {
			t.Error("broken input changed the database")
		}
	})
}

func TestAStoppedImportEndsAndChangesNothing(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, small)
		before := hash(all(t, open(t, Config{DSN: dsn}), asOf))
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		many := folder(t, with(map[string]string{"stage_changes.csv": changeHead + strings.Repeat("d1,Lead,2026-01-01 00:00:00\n", 25_000)}))
		ended := make(chan error, 1)
		go func() {
			// The first sign of progress comes in the middle of the rows.
			_, err := Import(ctx, dsn, []string{many}, ImportOptions{Progress: func(pipeline.Rows, int) { stop() }})
			ended <- err
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		case <-time.After(time.Minute):
			t.Fatal("a stopped import does not end")
		}
		if after := hash(all(t, open(t, Config{DSN: dsn}), asOf)); after != before {
			t.Error("a stopped import changed the database")
		}
	})
}

func TestOnlyTheFirstHundredFaults(t *testing.T) {
	dir := folder(t, with(map[string]string{"reps.csv": repHead + strings.Repeat(",\n", 300), "deals.csv": dealHead + ",,,\n"}))
	_, err := Import(context.Background(), dbtest.SQLite(t), []string{dir}, ImportOptions{})
	var list fault.List
	if !errors.As(err, &list) || len(list) != 100 || list[99].Line != 51 {
		t.Errorf("%d faults, the last %v", len(list), list[len(list)-1])
	}
}

func TestWhatIsReadIsWhatTheFilesSay(t *testing.T) {
	files := map[string]string{
		"reps.csv": "\xef\xbb\xbfid,name,email,manager_id,team,time_zone,active\r\nr2,\"Bo, jr.\",bo@x.example,r1,North,Asia/Tokyo,No\r\nr1,Ada,,,,,\r\n",
		"deals.csv": "id,name,rep_id,pipeline,amount,currency,created_at,closed_at,outcome,stage,expected_close,probability,forecast_category,loss_reason\n" +
			"d1,\"Two\nlines\",r1,New,-1234.5678,USD,2026-01-01T10:00:00.123456+02:00,2026-02-01 00:00:00.5,lost,Lost,2026-03-31,0.25,commit,\"price \"\"too\"\" high\"\n",
		"stage_changes.csv": "deal_id,stage,at,rep_id,seq\nd1,B,2026-01-02T10:00:00Z,r2,7\nd1,A,2026-01-02 10:00:00,,-1\nd1,C,2026-01-02 10:00:00,,\n",
		"activities.csv":    "deal_id,at,kind,party\nd1,2026-01-02 00:00:00,call,buyer\nd1,2026-01-03 00:00:00,note,\n",
		"criteria.csv":      "deal_id,criterion,met_at\nd1,owner,2026-01-05 00:00:00\n",
		"forecasts.csv":     "deal_id,at,expected_close,amount,probability,category,seq\nd1,2026-01-05 00:00:00,2026-02-28,10,1,,\nd1,2026-01-05 00:00:00,,-0,,upside,\n",
		"waivers.csv":       "deal_id,checkpoint,reason,granted_by,at\nd1,buyer:owner,agreed,Ada,2026-01-05 00:00:00\n",
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, files)
		mustImport(t, dsn, files) // again: never doubled
		reading, deals := all(t, open(t, Config{DSN: dsn}), asOf)
		wantReps := "[{r1 Ada      true false [] []} {r2 Bo, jr. bo@x.example r1 North Asia/Tokyo  false false [] []}]"
		want := "{{d1 Two\nlines r1 New {-1234.5678 true} USD 2026-01-01 08:00:00.123456 +0000 UTC {2026-02-01 00:00:00.5 +0000 UTC true} lost Lost {2026-03-31 true} {0.25 true} commit price \"too\" high}" +
			" [{A 2026-01-02 10:00:00 +0000 UTC  {-1 true}} {B 2026-01-02 10:00:00 +0000 UTC r2 {7 true}} {C 2026-01-02 10:00:00 +0000 UTC  {0 false}}]" +
			" [{2026-01-02 00:00:00 +0000 UTC call buyer} {2026-01-03 00:00:00 +0000 UTC note }] [{owner 2026-01-05 00:00:00 +0000 UTC}]" +
			" [{2026-01-05 00:00:00 +0000 UTC {2026-02-28 true} {10 true} {1 true}  {0 false}} {2026-01-05 00:00:00 +0000 UTC {1970-01-01 false} {0 true} {0 false} upside {0 false}}]" +
			" [{d1 buyer:owner agreed Ada 2026-01-05 00:00:00 +0000 UTC}]" + noneEarlier + "}"
		if got := sprint(reading.Reps); got != wantReps {
			t.Errorf("reps:\n got %s\nwant %s", got, wantReps)
		}
		if len(deals) != 1 || deals[0] != want {
			t.Errorf("deals:\n got %s\nwant %s", deals, want)
		}
		for _, rows := range pipeline.AllRows {
			if !reading.Tables[rows] {
				t.Errorf("%s are not there", rows)
			}
		}
	})
}

func TestAnAbsentFileIsATableThatTheSourceLacks(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, with(map[string]string{"activities.csv": "deal_id,at,kind\n"}))
		reading, _ := all(t, open(t, Config{DSN: dsn}), asOf)
		if !reading.Tables[pipeline.Activities] || reading.Tables[pipeline.Criteria] {
			t.Errorf("tables %v", reading.Tables)
		}
		result := mustImport(t, dsn, small)
		if want := []pipeline.Rows{pipeline.Activities, pipeline.Criteria, pipeline.Forecasts, pipeline.Waivers}; !reflect.DeepEqual(result.Absent, want) {
			t.Errorf("absent %v, want %v", result.Absent, want)
		}
		if reading, _ = all(t, open(t, Config{DSN: dsn}), asOf); reading.Tables[pipeline.Activities] {
			t.Error("the activities of the import before are still there")
		}
	})
}

func TestATableOfSomebodyElseIsRefused(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		db := raw(t, dsn)
		schema := ""
		if strings.HasPrefix(dsn, "postgres") {
			schema = "drumbeat."
			db.MustExec("CREATE SCHEMA drumbeat")
		}
		db.MustExec("CREATE TABLE " + schema + "Deals (id text)") // to either database the same as deals
		db.MustExec("INSERT INTO " + schema + "Deals VALUES ('precious')")
		_, err := Import(context.Background(), dsn, []string{folder(t, small)}, ImportOptions{})
		var list fault.List
		if !errors.As(err, &list) {
			t.Fatalf("no fault but %v", err)
		}
		wantError(t, err, schema+"deals: this table was not created by Drumbeat")
		var id string
		if err := db.Get(&id, "SELECT id FROM "+schema+"deals"); err != nil || id != "precious" {
			t.Errorf("the table lost its row: %q, %v", id, err)
		}
	})
}

func TestADryRunTouchesNoDatabase(t *testing.T) {
	dsn := dbtest.SQLite(t)
	result, err := Import(context.Background(), dsn, []string{folder(t, small)}, ImportOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Files) != 3 || result.Files[1].N != 1 {
		t.Errorf("files %v", result.Files)
	}
	if _, err := os.Stat(strings.TrimPrefix(dsn, "sqlite:")); !os.IsNotExist(err) {
		t.Errorf("a file was made: %v", err)
	}
}

func TestADryRunLooksAtWhatItWouldReplace(t *testing.T) {
	dry := func(dsn string) (ImportResult, error) {
		return Import(context.Background(), dsn, []string{folder(t, small)}, ImportOptions{DryRun: true})
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		if result, err := dry(dsn); err != nil || result.Unreached != nil || len(result.Replaces) > 0 {
			t.Errorf("an empty database: %+v, %v", result, err)
		}
		mustImport(t, dsn, with(map[string]string{"activities.csv": "deal_id,at,kind\n", "reps.csv": "id,name\nr1,Ada\nr2,Bo\n"}))
		result, err := dry(dsn)
		got := ""
		for _, table := range result.Replaces {
			got += fmt.Sprintf("%s %d ", table.Rows, table.N)
		}
		if err != nil || got != "reps 2 deals 1 stage_changes 1 activities 0 " {
			t.Errorf("would replace %s, %v", got, err)
		}
		db, table := raw(t, dsn), "forecasts"
		if strings.HasPrefix(dsn, "postgres") {
			table = "drumbeat.forecasts"
		}
		db.MustExec("CREATE TABLE " + table + " (id text)")
		_, err = dry(dsn)
		var list fault.List
		if !errors.As(err, &list) {
			t.Fatalf("a table of somebody else is no fault but %v", err)
		}
		wantError(t, err, table+": this table was not created by Drumbeat")
	})
	for dsn, want := range map[string]string{
		"postgres://nobody@127.0.0.1:1/nothing?sslmode=disable":  "connect to postgres://nobody@127.0.0.1:1/nothing: ",
		"sqlite:" + filepath.Join(t.TempDir(), "gone", "p.db"):   "its folder: no such file",
		"sqlite:" + filepath.Join(folder(t, small), "deals.csv"): "file is not a database",
	} {
		result, err := dry(dsn)
		if err != nil || len(result.Files) != 3 {
			t.Errorf("%s: the files: %v, %v", dsn, result.Files, err)
		}
		wantError(t, result.Unreached, want)
	}
}

func TestOddInputIsSaidOnceWithItsNumber(t *testing.T) {
	dir := folder(t, map[string]string{
		"reps.csv":          "id,name,manager_id,time_zone\nr1,Ada,boss,Mars/Olympus\nr2,Bo,r1,Local\nr3,Cy,,Europe/Paris\n",
		"deals.csv":         "id,name,rep_id,created_at,outcome,forecast_category\nd1,Acme,ghost,2026-01-01 08:00:00,open,upside\n",
		"stage_changes.csv": "deal_id,stage,at,rep_id\nd1,A,2026-01-01T08:00:00Z,ghost\nnone,A,2026-01-01T08:00:00Z,r1\nnone,B,2026-01-01T08:00:00Z,spectre\n",
		"waivers.csv":       "deal_id,checkpoint,reason,at\nd1,proposal,x,2026-01-01 00:00:00\n",
		"notes.csv":         "whatever",
	})
	result, err := Import(context.Background(), dbtest.SQLite(t), []string{dir}, ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(result.Warnings.Error(), dir+"/", "")
	for _, want := range []string{
		"notes.csv: is not named after canonical rows and left alone",
		`reps.csv: manager_id: 1 manager not listed as reps, the first "boss"`,
		`reps.csv:2: time_zone: 2 rows: no time zone, the first "Mars/Olympus"`,
		`deals.csv:2: rep_id: 1 row: not listed in reps.csv, the first "ghost"`,
		`deals.csv:2: forecast_category: 1 row: none of commit, best_case, pipeline, omitted, the first "upside"`,
		`stage_changes.csv:2: rep_id: 2 rows: not listed in reps.csv, the first "ghost"`,
		`stage_changes.csv:3: deal_id: 2 rows: not listed in deals.csv, the first "none"`,
		`waivers.csv:2: checkpoint: 1 row: no checkpoint's full name, the first "proposal"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning %q in\n%s", want, got)
		}
	}
	if len(result.Warnings) != 8 {
		t.Errorf("%d warnings, want 8:\n%s", len(result.Warnings), got)
	}
}

func TestPathsThatLeadNowhere(t *testing.T) {
	dir := folder(t, with(map[string]string{"other.csv": "x"}))
	for name, c := range map[string]struct {
		paths []string
		want  string
	}{
		"no such folder":       {[]string{filepath.Join(dir, "nope")}, "nope: does not exist"},
		"a file of other name": {[]string{filepath.Join(dir, "other.csv")}, "other.csv: is not named after canonical rows; one of reps.csv, "},
		"the same rows twice":  {[]string{dir, filepath.Join(dir, "reps.csv")}, "reps come from "},
		"one file alone":       {[]string{filepath.Join(dir, "deals.csv")}, "reps.csv is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Import(context.Background(), dbtest.SQLite(t), c.paths, ImportOptions{})
			wantError(t, err, c.want)
		})
	}
}

func TestSingleFilesAreAFolderToo(t *testing.T) {
	dir := folder(t, small)
	paths := []string{filepath.Join(dir, "reps.csv"), filepath.Join(dir, "deals.csv"), filepath.Join(dir, "stage_changes.csv")}
	result, err := Import(context.Background(), dbtest.SQLite(t), paths, ImportOptions{})
	if err != nil || len(result.Files) != 3 {
		t.Errorf("%v, %v", result, err)
	}
}

func TestWaiversOfTheConfig(t *testing.T) {
	dir := folder(t, map[string]string{"good.csv": "deal_id,checkpoint,reason,at\nd1,stage:a,agreed,2026-01-01 00:00:00\n",
		"bad.csv": "deal_id,checkpoint,reason,at\nd1,stage:a,,soon\n", "none.csv": "deal_id,checkpoint,reason,at\n"})
	if got, faults := ReadWaivers(filepath.Join(dir, "good.csv")); len(faults) > 0 || len(got) != 1 || got[0].Checkpoint != "stage:a" {
		t.Errorf("%v, %v", got, faults)
	}
	if got, faults := ReadWaivers(filepath.Join(dir, "none.csv")); len(faults) > 0 || got == nil {
		t.Errorf("a file without rows is still a source of waivers: %v, %v", got, faults)
	}
	_, faults := ReadWaivers(filepath.Join(dir, "bad.csv"))
	wantError(t, faults.Err(), "bad.csv:2: reason: is empty", "bad.csv:2: at: ")
	_, faults = ReadWaivers(filepath.Join(dir, "gone.csv"))
	wantError(t, faults.Err(), "gone.csv: cannot be read: no such file")
}
