package yamlfile

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What is taken for a duration is written and read as the same; what is not has a hint that can be followed.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"90s", "14d", "2w", "0d", "106751d", "9223372036s", "15250w", "1h30m", "3 days", "1 month", "12M", "1.5h", "-3d", "00000000000000000001d", "٣d", "3d "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			if _, meant, found := strings.Cut(err.Error(), "did you mean "); found && utf8.ValidString(s) {
				meant = strings.TrimSuffix(meant, "?")
				if _, err := ParseDuration(meant); err != nil {
					t.Errorf("for %q the hint is %q, which is none", s, meant)
				}
			}
			return
		}
		if d < 0 || d%time.Second != 0 {
			t.Errorf("%q is %v", s, d)
		}
		if again, err := ParseDuration(FormatDuration(d)); err != nil || again != d {
			t.Errorf("%q is %v, written as %s and read as %v, %v", s, d, FormatDuration(d), again, err)
		}
	})
}

// Whatever the bytes, each fault has a place in the file, nothing of the environment is told, and what is read is what
// another reading gives.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"a: 1\nb: {c: [x, \"y\"]}\n", "a: ${SECRET}\nb: x\n", "a: \"${SECRET}\nb: 'it's'\n", "\ta: 1\n", "a: *x\nb: &x *x\n", "a: |\n  t\n  ${SECRET}\nb: >-\n x\n",
		"\xff\xfea\x00", "\xef\xbb\xbfa: 1\r\nb: @x\r\n", "---\na: 1\n---\nb: 2\n", "a: {b: ${SECRET}, c: \"}\n", "a: %x\nb: `x`\nc: !x y\n", "? a\n: b\n<<: {a: 1}\n", "a: a: b\nb: - c\n"} {
		f.Add([]byte(s))
	}
	const secret = "hunter2"
	env := func(name string) (string, bool) { return secret, name == "SECRET" }
	f.Fuzz(func(t *testing.T, data []byte) {
		ask := func() (said, read string) {
			file, root := Parse("f.yaml", data, env)
			read = root.Text("a", "")
			root.Int("a", 0, 0, 9)
			root.Duration("a", 0, 0, time.Hour)
			root.Choice("a", "", "word", "other")
			root.Bool("a", false)
			b := root.Map("b")
			read += strings.Join(b.Texts("c"), "|")
			b.Need("d", "hint")
			for _, m := range root.Maps("c") {
				m.Number("a", 0, 0, 1)
			}
			faults := file.Faults()
			lines := strings.Split(string(data), "\n")
			for _, one := range faults {
				if one.Line < 0 || one.Line > len(lines) || one.Column < 0 || one.What == "" || one.Line > 0 && one.Column > len(lines[one.Line-1])+1 {
					t.Errorf("a fault at no place: %v", one)
				}
			}
			return faults.Error(), read
		}
		said, read := ask()
		if again, readAgain := ask(); again != said || readAgain != read {
			t.Errorf("differently the second time:\n%s\n%s", said, again)
		}
		if !strings.Contains(string(data), secret) && strings.Contains(said, secret) {
			t.Errorf("the environment is told: %s", said)
		}
	})
}
