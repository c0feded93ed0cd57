package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whatever surrounds a password in a DSN, neither what is wrong with it nor what is shown of it holds the password.
func FuzzDSN(f *testing.F) {
	for _, c := range [][3]string{
		{"postgres://drumbeat:", "", "@db/sales"}, {"postgres://drumbeat:", "%", "@db:5432/sales?sslmode=requred"}, {"postgresql://u:", "#", "@/?host=/run"},
		{"postgres://u:12/", "", "@db/sales"}, {"postgres://u:12?", "", "@db/sales"}, {"host=db password=", "", " dbname=sales"},
		{"postgres://u@db/sales?password=", "&", "sslmode=disable"}, {"mysql://u:", "", "@db"}, {"Driver={PostgreSQL};Pwd=", ";", ""},
		{"postgres://u@db/sales?connect_timeout=", "", ""}, {"postgres://0000:", "0:", ""}, {"postgres://u:", "@", "@db"}, {"postgres://u:[", "]", "@db"},
	} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, before, after, rest string) {
		const password = "hunter2"
		if strings.HasPrefix(before, "sqlite:") || strings.Contains(before, "?") {
			return // a path is no secret, and of what stands behind the ? the names of settings are told
		}
		d, err := parseDSN(before + password + after + rest)
		if err != nil {
			if strings.Contains(err.Error(), password) {
				t.Errorf("the password is told: %v", err)
			}
			return
		}
		// It is shown where it is no password: as the name of user, host or database.
		if _, in, _ := strings.Cut(before, "://"); strings.Contains(in, ":") && !strings.ContainsAny(in, "@/") && strings.Contains(d.shown, password) {
			t.Errorf("the password is shown: %s", d.shown)
		}
		if again, err := parseDSN(d.dsn); err != nil || again.shown != d.shown {
			t.Errorf("what was accepted is read as %q, %v the next time, not as %q", again.shown, err, d.shown)
		}
	})
}

// What is taken for an instant is one that can be written and read again, within the years that we know.
func FuzzInstants(f *testing.F) {
	for _, s := range []string{"2026-01-05T08:00:00Z", "2026-01-05 08:00:00.123456", "2026-02-29 00:00:00", "0000-01-01T00:00:00+14:00",
		"9999-12-31T23:59:59-14:00", "2026-01-05", "2026-01-05T08:00:00.1234567Z", "2026-01-05 08:00:00+0530", "2026-01-05T24:00:00Z"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, strict bool) {
		at, err := parseInstant(s, strict)
		if err != nil {
			return
		}
		if y := at.Year(); y < firstYear-1 || y > lastYear+1 { // a zone may lead into the next year
			t.Errorf("%q is of the year %d", s, y)
		}
		if again, err := parseInstant(at.Format(instantLayout), true); strings.HasPrefix(at.Format(instantLayout), s[:3]) && (err != nil || !again.Equal(at)) {
			t.Errorf("%q is %s, and read again %s, %v", s, at, again, err)
		}
		if std, err := time.Parse(time.RFC3339Nano, s); err == nil && !std.Truncate(time.Microsecond).Equal(at) {
			t.Errorf("%q is %s, where the standard library reads %s", s, at, std)
		}
	})
}

// A waiver that is read says what it is about and when it was given; each fault has a place in the file.
func FuzzWaivers(f *testing.F) {
	const head = "deal_id,checkpoint,reason,granted_by,at\n"
	for _, text := range []string{head, head + "d1,stage:demo,late,Ada,2026-01-05T08:00:00Z\n", "deal_id,checkpoint,reason,at\nd1,buyer:x,,yesterday\n",
		head + "\"d1\n\",stage:demo,\"a \"\" b\",,2026-01-05 08:00:00\n", head + "d1,stage:demo,,,\nd1,stage:demo,,,\n", "deal;checkpoint\n", "\xff\xfed\x00", ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "waivers.csv")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		waivers, faults := ReadWaivers(path)
		for _, w := range waivers {
			if len(faults) == 0 && (strings.TrimSpace(w.DealID) == "" || strings.TrimSpace(w.Checkpoint) == "") {
				t.Errorf("a waiver of nothing: %+v", w)
			}
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, one := range faults {
			if one.File != path || one.Line < 0 || one.Line > lines || one.What == "" {
				t.Errorf("a fault at no place: %v", one)
			}
		}
	})
}
