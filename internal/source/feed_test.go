package source

import (
	"context"
	"errors"
	"strings"
	"testing"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// feedOf gives rows of an invented export: each value stands in x.csv, in a column named like the canonical one, but
// in capitals.
func feedOf(rows pipeline.Rows, columns []string, values ...[]string) Feed {
	return Feed{Rows: rows, Name: "x.csv", Columns: columns, Each: func(yield func(Text) error) error {
		for n, v := range values {
			place := func(i int) Place { return Place{File: "x.csv", Line: n + 2, Column: strings.ToUpper(columns[i])} }
			if err := yield(Text{Values: v, Place: place}); err != nil {
				return err
			}
		}
		return nil
	}}
}

func twoFeeds() []Feed {
	return []Feed{
		feedOf(pipeline.Deals, []string{"outcome", "id", "name", "created_at", "rep_id"}, []string{"open", "d1", "Acme", "2026-01-01T08:00:00Z", "Ada"}),
		feedOf(pipeline.Reps, []string{"id", "name"}, []string{"Ada", "Ada"}),
	}
}

func TestRowsWithoutAHistoryOfStages(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, small) // the history of an import before must go
		result, err := ImportFeeds(context.Background(), dsn, twoFeeds(), ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Absent) != 5 || result.Absent[0] != pipeline.StageChanges {
			t.Errorf("absent %v", result.Absent)
		}
		if got := strings.Join(result.Missing[pipeline.Reps], " "); got != "email manager_id team time_zone active" {
			t.Errorf("missing of reps: %s", got)
		}
		reading, deals := all(t, open(t, Config{DSN: dsn}), asOf)
		if reading.Tables[pipeline.StageChanges] || len(deals) != 1 || !strings.HasPrefix(deals[0], "{{d1 Acme Ada ") {
			t.Errorf("tables %v, deals %v", reading.Tables, deals)
		}
	})
}

func TestFaultsOfAnExportStandWhereItsUserLooks(t *testing.T) {
	feeds := twoFeeds()
	feeds[0] = feedOf(pipeline.Deals, []string{"id", "name", "created_at", "outcome"},
		[]string{"d1", "Acme", "2026-01-01T08:00:00Z", "maybe"}, []string{"d1", "", "2026-01-01T08:00:00Z", "open"})
	_, err := ImportFeeds(context.Background(), dbtest.SQLite(t), feeds, ImportOptions{})
	wantError(t, err, `x.csv:2: OUTCOME: "maybe" is unknown`, `x.csv:3: NAME: is empty`, `x.csv:3: ID: "d1" stands on line 2 already`)
}

func TestWhatAnExportCannotReadIsAFault(t *testing.T) {
	feeds := twoFeeds()
	feeds[0].Each = func(func(Text) error) error { return fault.List{{File: "x.csv", Line: 7, What: "broken"}} }
	dsn := dbtest.SQLite(t)
	_, err := ImportFeeds(context.Background(), dsn, feeds, ImportOptions{})
	var list fault.List
	if !errors.As(err, &list) || list.Error() != "x.csv:7: broken" {
		t.Errorf("%v", err)
	}
	if _, err := Open(context.Background(), Config{DSN: dsn}); err == nil {
		t.Error("something was written")
	}
}

// A file that somebody exports anew while it is read would come in as a mixture: its people of before, its deals of now.
func TestAFileThatChangesWhileItIsImportedChangesNothing(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, small)
		want, _ := all(t, open(t, Config{DSN: dsn}), asOf)
		for name, later := range map[string][][]string{
			"another value": {{"open", "d1", "Acme", "2026-01-01T08:00:00Z", "Zoe"}},
			"a row more":    {{"open", "d1", "Acme", "2026-01-01T08:00:00Z", "Ada"}, {"open", "d2", "Bolt", "2026-01-01T08:00:00Z", "Ada"}},
			"a row fewer":   {},
			"another time":  {{"open", "d1", "Acme", "2026-01-01T08:00:01Z", "Ada"}},
		} {
			feeds, read := twoFeeds(), 0
			before, after := feeds[0].Each, feedOf(pipeline.Deals, feeds[0].Columns, later...).Each
			feeds[0].Each = func(yield func(Text) error) error {
				if read++; read == 1 {
					return before(yield)
				}
				return after(yield)
			}
			_, err := ImportFeeds(context.Background(), dsn, feeds, ImportOptions{})
			wantError(t, err, "x.csv: has changed while it was being imported, and nothing was written; import again when it is complete")
			if got, _ := all(t, open(t, Config{DSN: dsn}), asOf); !got.Tables[pipeline.StageChanges] || len(got.Reps) != len(want.Reps) {
				t.Errorf("%s: the tables of before are gone", name)
			}
		}
	})
}
