package ledger

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// instant is a time.Time as both databases keep it: in microseconds, in UTC, the zero time as null. It is
// handed over as text of one width, which Postgres reads as timestamptz and SQLite compares letter by letter.
type instant time.Time

const instantLayout = "2006-01-02T15:04:05.000000Z"

// Value implements driver.Valuer.
func (i instant) Value() (driver.Value, error) {
	t := time.Time(i)
	if t.IsZero() {
		return nil, nil
	}
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return nil, fmt.Errorf("the year %d is out of range", t.Year())
	}
	return t.Format(instantLayout), nil
}

// Scan implements sql.Scanner.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i = instant{}
	case time.Time:
		*i = instant(v.UTC())
	case string:
		t, err := time.Parse(instantLayout, v)
		if err != nil {
			return err
		}
		*i = instant(t)
	default:
		return fmt.Errorf("an instant cannot be read from %T", v)
	}
	return nil
}
