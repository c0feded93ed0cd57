package source

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/source/presets"
)

// Histories of a CRM are read in the order of an index, where there is one as the docs say: a sort of all of it would go
// to disk. A million rows with DRUMBEAT_ROWS=1000000, and then the server's own memory for sorts; here a hundredth of
// both.
func TestPresetsReadHistoriesInTheOrderOfAnIndex(t *testing.T) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("DRUMBEAT_ROWS"), "20000"))
	if err != nil || n < 20000 {
		t.Fatalf("DRUMBEAT_ROWS: %v; a number of rows, at least 20000", err)
	}
	memory := strconv.Itoa(max(64, min(4096, n*4096/1_000_000))) + "kB"
	for _, preset := range presets.Names() {
		t.Run(preset, func(t *testing.T) {
			dsn, db := vendorTables(t, preset)
			db.MustExec(strings.ReplaceAll(fixture(t, preset+"_volume.sql"), "{n}", strconv.Itoa(n)))
			indexes := fixture(t, preset+"_indexes.sql")
			if spills := spilling(t, dsn, preset, memory); len(spills) == 0 {
				t.Error("without an index nothing spills: the test sees nothing")
			}
			for index := range strings.SplitSeq(strings.TrimSpace(indexes), ";\n") { // CONCURRENTLY stands alone
				db.MustExec(index)
			}
			db.MustExec("VACUUM ANALYZE")
			for rows, plan := range spilling(t, dsn, preset, memory) {
				t.Errorf("%s spill:\n%s", rows, plan)
			}
		})
	}
}

// The indexes that the test is about are those that the docs advise.
func TestThePagesOfPresetsHaveTheirIndexes(t *testing.T) {
	for _, preset := range presets.Names() {
		page, err := os.ReadFile("../../docs/presets/" + preset + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		if indexes := strings.TrimSpace(fixture(t, preset+"_indexes.sql")); !strings.Contains(string(page), "```sql\n"+indexes+"\n```") {
			t.Errorf("docs/presets/%s.md lacks\n%s", preset, indexes)
		}
	}
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	sql, err := os.ReadFile("testdata/presets/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(sql)
}

// spilling gives the plans, of the statements that read a preset's histories, in which something went to disk.
func spilling(t *testing.T, dsn, preset, memory string) map[pipeline.Rows]string {
	t.Helper()
	s := open(t, Config{DSN: dsn, Preset: preset})
	v, err := s.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.end()
	if err := v.checkOwn(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.first.MustExec("SET LOCAL work_mem = '" + memory + "'")
	out := map[pipeline.Rows]string{}
	for rows := range v.there {
		var plan []string
		if err := v.first.Select(&plan, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+v.statement(layoutOf(rows)), v.alone()...); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "\n")
		if os.Getenv("DRUMBEAT_ROWS") != "" {
			t.Logf("%s:\n%s", rows, text)
		}
		if strings.Contains(text, "Disk:") || strings.Contains(text, "external") {
			out[rows] = text
		}
	}
	return out
}
