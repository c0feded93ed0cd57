package source

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

// The real data, through both databases: the same deals, rows and order, told by one hash.
func TestRealDataIsTheSameInBothDatabases(t *testing.T) {
	for name, want := range map[string]struct {
		asOf   time.Time
		deals  int
		counts map[pipeline.Rows]int
	}{
		"bpic2012": {time.Date(2012, 4, 1, 0, 0, 0, 0, time.UTC), 13087, map[pipeline.Rows]int{
			pipeline.Reps: 68, pipeline.StageChanges: 60849, pipeline.Activities: 84103, pipeline.Criteria: 5697}},
		"helpdesk": {time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC), 4580, map[pipeline.Rows]int{
			pipeline.Reps: 22, pipeline.StageChanges: 21348}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(dbtest.Data(t), name)
			hashes := map[string]string{}
			dbtest.Both(t, func(t *testing.T, dsn string) {
				start := time.Now()
				if _, err := Import(context.Background(), dsn, []string{dir}, ImportOptions{}); err != nil {
					t.Fatal(err)
				}
				imported := time.Now()
				reading, deals := all(t, open(t, Config{DSN: dsn}), want.asOf)
				t.Logf("import %v, read %v", imported.Sub(start).Round(time.Millisecond), time.Since(imported).Round(time.Millisecond))
				if len(deals) != want.deals {
					t.Errorf("%d deals, want %d", len(deals), want.deals)
				}
				if !reflect.DeepEqual(reading.Counts, want.counts) {
					t.Errorf("counts %v, want %v", reading.Counts, want.counts)
				}
				hashes[t.Name()] = hash(reading, deals)
			})
			distinct := map[string]bool{}
			for _, h := range hashes {
				distinct[h] = true
			}
			if len(hashes) == 2 && len(distinct) != 1 {
				t.Errorf("the databases hand over different histories: %v", hashes)
			}
		})
	}
}
