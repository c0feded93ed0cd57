package export

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkExport reads a wide export as an import does: it looks at it, checks it and writes it.
func BenchmarkExport(b *testing.B) {
	var text strings.Builder
	text.WriteString("Record ID,Deal Name,Deal Stage,Amount,Create Date,Close Date,Deal owner")
	for i := range 6 {
		fmt.Fprintf(&text, `,"Date entered ""S%d (P)"""`, i)
	}
	const deals = 20_000
	for i := range deals {
		fmt.Fprintf(&text, "\n%d,Deal %d,S%d,\"%d,%03d.50\",2025-%02d-%02d 10:00,2026-01-%02d 10:00,Rep %d", i, i, i%6, 1+i%99, i%1000, 1+i%12, 1+i%27, 1+i%27, i%200)
		for s := range 6 {
			if text.WriteByte(','); s <= i%6 {
				fmt.Fprintf(&text, "2025-%02d-%02d 09:30", 1+(i+s)%12, 1+i%27)
			}
		}
	}
	dir := files{"deals.csv": text.String()}.in(b)
	for b.Loop() {
		e, faults := Open([]string{dir}, Options{Preset: "hubspot-csv", TimeZone: "Europe/Berlin"})
		if len(faults) > 0 {
			b.Fatal(faults)
		}
		for range 2 {
			for _, table := range e.Tables {
				if err := table.Each(func(Row) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/deals, "ns/deal")
}
