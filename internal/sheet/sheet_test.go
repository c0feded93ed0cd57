package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// read gives every record with its line, and what is broken, in order.
func read(text string, comma rune) []string {
	r, broken := New("f.csv", strings.NewReader(text), comma)
	if broken != nil {
		return []string{broken.Error()}
	}
	var out []string
	for {
		fields, err := r.Next()
		var b *Broken
		switch {
		case errors.Is(err, io.EOF):
			return out
		case errors.As(err, &b):
			if out = append(out, b.Error()); b.Final {
				return out
			}
			continue
		}
		out = append(out, fmt.Sprintf("%d:%s", r.Line(0), strings.Join(fields, "|")))
	}
}

func TestRecordsWithTheirLines(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		comma rune
		want  string
	}{
		"a mark, two lines in a field, an empty line": {"\xef\xbb\xbfa,b\r\n\"1\n2\",x\r\n\r\n3,y\r\n", ',', "1:a|b 2:1\n2|x 5:3|y"},
		"semicolons": {"a;b,c\n1;2\n", ';', "1:a|b,c 2:1|2"},
		"a broken line, and the one behind it": {"a,b\n1,x\"y\n2,z\n", ',',
			`1:a|b f.csv:2: a quote stands inside a field that is not quoted; quote the whole field and double the quotes in it: "a ""b"" c" 3:2|z`},
		"UTF-16":                  {"\xff\xfea\x00", ',', "f.csv:1: is UTF-16, not UTF-8; save it as CSV UTF-8"},
		"Windows-1252, said once": {"a,b\n1,2\n\"x\ny\x80\",3\n4,\xe9\n", ',', `1:a|b 2:1|2 f.csv:4: is not UTF-8 (Windows-1252 perhaps); save it as "CSV UTF-8"`},
		"a sign for what could not be read is UTF-8": {"a\n\ufffd\n", ',', "1:a 2:\ufffd"},
		"nothing": {"", ',', ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(read(c.text, c.comma), " "); got != c.want {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

// A quote that is never closed swallows the rest of the file: it must not take all the memory.
func TestAQuoteThatIsNeverClosed(t *testing.T) {
	got := read("a\n\""+strings.Repeat("x\n", mostRecord), ',')
	if want := "f.csv:2: the row is longer than 1048576 bytes; somewhere a quote is not closed"; len(got) != 2 || got[1] != want {
		t.Errorf("got %.200q", got)
	}
}
