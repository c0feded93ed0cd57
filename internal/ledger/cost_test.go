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
		query, how := l.queries["claim"], "EXPLAIN QUERY PLAN "
		if l.dialect.inline != nil {
			query, how = l.dialect.inline.Replace(query), "EXPLAIN "
		}
		a := Filter{}.args()
		a["owner"], a["now"], a["until"], a["lease"] = "me", time.Now(), time.Now(), 1
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
		if how := said.String(); !strings.Contains(how, "delivery_due") || strings.Contains(how, "Sort Key") || strings.Contains(how, "TEMP B-TREE") {
			t.Errorf("the claim is carried out as\n%s", how)
		}
	})
}
