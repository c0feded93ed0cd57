package source

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"drumbeat/internal/pipeline"
)

// Whatever the bytes: no panic, and what is accepted is sound, so that
// written out and read again it is the same.
func FuzzSheet(f *testing.F) {
	for _, c := range broken {
		for name, text := range c.files {
			f.Add(uint8(slices.IndexFunc(layouts, func(l *layout) bool { return string(l.rows)+".csv" == name })), []byte(text))
		}
	}
	f.Add(uint8(5), []byte("deal_id,at,expected_close,amount,probability,category,seq\nd1,2026-01-05 00:00:00,2026-02-28,-0,1.,,\n"))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		l := layouts[int(which)%len(layouts)]
		first, found := readAll(t, l, data)
		if strings.Contains(found.list.Error(), "this column is missing") {
			return // its rows were looked at for their own faults only
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		_ = w.Write(l.names()) // a bytes.Buffer takes everything
		for _, values := range first {
			_ = w.Write(values)
		}
		w.Flush()
		second, found := readAll(t, l, out.Bytes())
		if len(found.list) > 0 {
			t.Fatalf("what was accepted is refused: %v\n%s", found.list, out.Bytes())
		}
		if got, want := fmt.Sprintf("%q", second), fmt.Sprintf("%q", first); got != want {
			t.Errorf("written and read again:\n got %s\nwant %s", got, want)
		}
	})
}

// readAll gives the sound rows of a file as its canonical text.
func readAll(t *testing.T, l *layout, data []byte) ([][]string, *faults) {
	found := &faults{}
	var out [][]string
	err := readSheet("f.csv", bytes.NewReader(data), l, found, func(r row) error {
		if !r.sound {
			return nil
		}
		values := make([]string, len(l.columns))
		for i, c := range l.columns {
			v := sqlite.value(c.kind, &r.record[i])
			if v == nil {
				continue
			}
			values[i] = fmt.Sprint(v)
			if c.kind == amount || c.kind == share {
				values[i] = r.record[i].text
			}
			if !utf8.ValidString(values[i]) || strings.Contains(values[i], "\x00") {
				t.Errorf("%s holds broken text %q", c.name, values[i])
			}
		}
		if r.line(0) < 2 {
			t.Errorf("a row on line %d", r.line(0))
		}
		out = append(out, values)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, found
}

// The formats of the page: each is read to the microsecond, and means UTC where it says nothing.
func TestInstants(t *testing.T) {
	for text, want := range map[string]string{
		"2026-02-03T10:00:00Z":             "2026-02-03T10:00:00Z",
		"2026-02-03t10:00:00z":             "2026-02-03T10:00:00Z",
		"2026-02-03 10:00:00":              "2026-02-03T10:00:00Z",
		"2026-02-03 10:00:00.5":            "2026-02-03T10:00:00.5Z",
		"2026-02-03T10:00:00.123456+05:30": "2026-02-03T04:30:00.123456Z",
		"2026-02-03T10:00:00-00:00":        "2026-02-03T10:00:00Z",
		"2024-02-29T23:59:59.999999-12:00": "2024-03-01T11:59:59.999999Z",
	} {
		got, err := parseInstant(text, true)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s is read as %s, %v; want %s", text, got.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestBooleansAreReadWithoutCase(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "T": true, "Yes": true, "1": true, "FALSE": false, "f": false, "no": false, "0": false} {
		var c cell
		if err := c.parse(&column{name: "active", kind: boolean}, text); err != nil || c.flag != want {
			t.Errorf("%s is read as %v, %v", text, c.flag, err)
		}
	}
}

func TestEverySQLFileIsThere(t *testing.T) {
	for _, rows := range pipeline.AllRows {
		for _, folder := range []string{"postgres", "sqlite", "read"} {
			if text := mustRead(folder + "/" + string(rows) + ".sql"); text == "" {
				t.Errorf("%s/%s.sql is empty", folder, rows)
			} else if folder != "read" && !isOurs(text) {
				t.Errorf("%s/%s.sql does not mark its table as ours", folder, rows)
			}
		}
	}
	n := 0
	if err := fs.WalkDir(sqlFiles, ".", func(string, fs.DirEntry, error) error { n++; return nil }); err != nil || n < 25 {
		t.Errorf("%d files, %v", n, err)
	}
}
