package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// Right after a plan a claim takes the first by the index: to read and sort all that wait, for each of thousands of
// claims, takes hundreds of times as long.
func TestAClaimDoesNotLookAtAllThatWaits(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l := open(t, dsn)
		plan(t, l, 300)
		a := Filter{}.args()
		a["owner"], a["now"], a["until"], a["lease"], a["except"] = "me", time.Now(), time.Now(), 1, []int64{3, 0}
		how := howDone(t, l, "claim", a)
		if !strings.Contains(how, "delivery_due") || strings.Contains(how, "Sort Key") || strings.Contains(how, "TEMP B-TREE") {
			t.Errorf("the claim is carried out as\n%s", how)
		}
	})
}

// Who watches asks every few seconds: on SQLite, where the stored mails lie between the rows, the index answers for all
// of them together, once.
func TestTheLastSuccessIsFoundWithoutReadingMails(t *testing.T) {
	l := open(t, dbtest.SQLite(t))
	plan(t, l, 300)
	how := howDone(t, l, "progress", args{"settled": Settled})
	if strings.Count(how, "SCAN delivery USING COVERING INDEX delivery_standing\n") != 1 || strings.Count(how, "SCAN delivery") != 1 ||
		!strings.Contains(how, "MATERIALIZE suspect\n") || !strings.Contains(how, "MATERIALIZE broken\n") {
		t.Errorf("it is carried out as\n%s", how)
	}
}

// howDone says how the database carries out a query.
func howDone(t *testing.T, l *Ledger, name string, a args) string {
	t.Helper()
	query, how := l.queries[name], "EXPLAIN QUERY PLAN "
	if l.dialect.inline != nil {
		query, how = l.dialect.inline.Replace(query), "EXPLAIN "
	}
	text, list, err := bind(query, a, l.db.Rebind)
	ok(t, err)
	rows, err := l.db.Queryx(how+text, list...)
	ok(t, err)
	defer func() { _ = rows.Close() }()
	var said strings.Builder
	for rows.Next() {
		for _, cell := range must(rows.SliceScan())(t) {
			fmt.Fprintln(&said, cell)
		}
	}
	ok(t, rows.Err())
	return said.String()
}
