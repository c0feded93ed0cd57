package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// BenchmarkDelivery plans b.N mails of 36 KB and has four connections claim and mark them one by one.
func BenchmarkDelivery(b *testing.B) {
	for _, db := range []struct {
		name string
		dsn  func(testing.TB) string
	}{{"postgres", dbtest.Postgres}, {"sqlite", dbtest.SQLite}} {
		b.Run(db.name, func(b *testing.B) {
			l, err := Open(b.Context(), db.dsn(b))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			body := []byte(strings.Repeat("0123456789abcdef", 36<<6))
			plan := func(yield func(Delivery, error) bool) {
				for i := range b.N {
					id := fmt.Sprint(i)
					if !yield(Delivery{Key: Key{Recipient: id, RepID: id}, MessageID: id, Body: body}, nil) {
						return
					}
				}
			}
			b.ResetTimer()
			if _, err := l.PlanSeq(b.Context(), weekly(), plan); err != nil {
				b.Fatal(err)
			}
			planned := b.Elapsed()
			together(4, func(i int) {
				for {
					d, err := l.Claim(b.Context(), Claim{Owner: fmt.Sprint(i), Lease: time.Minute})
					if err != nil {
						b.Error(err)
					}
					if d == nil {
						return
					}
					if err := l.Mark(b.Context(), d, Result{State: Sent}); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/planned.Seconds(), "planned/s")
			b.ReportMetric(float64(b.N)/(b.Elapsed()-planned).Seconds(), "sent/s")
		})
	}
}
