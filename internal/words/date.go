package words

import (
	"time"

	"drumbeat/internal/pipeline"
)

// day is what a phrase may know of a date.
func (v *Voice) day(d pipeline.Date) map[string]any {
	y, m, n := d.YMD()
	return map[string]any{"day": n, "month": v.months[m-1], "short_month": v.shortMonths[m-1], "weekday": v.weekdays[d.Weekday()], "year": y,
		"with_year": false, "american": v.american}
}

// Date says 3 October, with the year where it is not this one.
func (v *Voice) Date(d pipeline.Date, thisYear int) (string, error) {
	data := v.day(d)
	data["with_year"] = data["year"] != thisYear
	return v.Say("date", data)
}

// Month says October.
func (v *Voice) Month(m time.Month) string { return v.months[m-1] }

// ShortMonth says Oct.
func (v *Voice) ShortMonth(m time.Month) string { return v.shortMonths[m-1] }

// Range says 2 to 8 November, or in short 28 Oct to 3 Nov.
func (v *Voice) Range(first, last pipeline.Date, short bool) (string, error) {
	_, m1, _ := first.YMD()
	_, m2, _ := last.YMD()
	return v.Say("range", map[string]any{"first": v.day(first), "last": v.day(last), "one_month": !short && m1 == m2 && last-first < 31, "short": short})
}

// Clock says 07:00 CEST, as the reader's clock does; the zone may be left out.
func (v *Voice) Clock(t time.Time, zone bool) string {
	layout := "15:04"
	if v.american {
		layout = "3:04" + NB + "PM"
	}
	if zone {
		layout += " MST"
	}
	return t.Format(layout)
}

// Weekday says the end of Sunday 8 November.
func (v *Voice) Weekday(name string, d pipeline.Date, more map[string]any) (string, error) {
	data := v.day(d)
	for k, x := range more {
		data[k] = x
	}
	return v.Say(name, data)
}
