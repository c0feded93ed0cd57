package yamlfile

import (
	"strings"
	"testing"
	"time"
)

func faultsOf(text string, env Env, ask func(root *Map)) string {
	f, root := Parse("f.yaml", []byte(text), env)
	ask(root)
	return f.Faults().Error()
}

func TestPlacesAreBytesFromOne(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"after letters of two bytes":   {"näme: {größe: x}\n", "f.yaml:1:18: näme.größe: \"x\" is no whole number; write one from 0 to 9"},
		"after a byte order mark":      {"\ufeffnäme: {größe: x}\n", "f.yaml:1:18: näme.größe: \"x\" is no whole number; write one from 0 to 9"},
		"lines that end like Windows'": {"# ü\r\nnäme:\r\n  größe: x\r\n", "f.yaml:3:12: näme.größe: \"x\" is no whole number; write one from 0 to 9"},
		"a block of text":              {"näme:\n  größe: |\n    a\n    b\n", "f.yaml:2:12: näme.größe: \"a\\nb\\n\" is no whole number; write one from 0 to 9"},
		"an alias stands for its use":  {"näme: {größe: *x}\nx: &x y\n", "f.yaml:1:18: näme.größe: \"y\" is no whole number; write one from 0 to 9"},
		"a key without a value":        {"näme:\n  größe:\n", "f.yaml:2:3: näme.größe: has no value; give it one or leave the key out"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := faultsOf(c.text, nil, func(root *Map) { root.Text("x", ""); root.Map("näme").Int("größe", 0, 0, 9) }); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// What cannot be parsed hides nothing else, and is not said to be missing.
func TestASyntaxFaultHidesNoOther(t *testing.T) {
	got := faultsOf("a: {b: 1\nc: x\nd: \"e\nf: [1\n", nil, func(root *Map) {
		root.Map("a").Need("b", "")
		root.Int("c", 0, 0, 9)
		root.Need("d", "")
		root.Texts("f")
		root.Need("g", "")
	})
	if lines := strings.Split(got, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[1], "f.yaml:2:4: c: ") {
		t.Errorf("got\n%s", got)
	}
}

func TestScalarsAreTakenAsTheyAreWritten(t *testing.T) {
	f, root := Parse("f.yaml", []byte("a: 012\nb: yes\nc: 1_000\nd: 2026-01-01\ne: 0x10\nf: 1e3\ng: &g |\n  x\n\n  y\nh: *g\ni: 'it''s'\nj: \"\"\n"), nil)
	for key, want := range map[string]string{"a": "012", "b": "yes", "c": "1_000", "d": "2026-01-01", "e": "0x10", "f": "1e3",
		"g": "x\n\ny\n", "h": "x\n\ny\n", "i": "it's", "j": "", "k": "otherwise"} {
		if got := root.Text(key, "otherwise"); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if faults := f.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
}

func TestVariablesOfTheEnvironment(t *testing.T) {
	env := func(name string) (string, bool) { return "<" + name + ">", name != "UNSET" }
	for text, want := range map[string]string{
		"${A}":          "<A>",
		"x${A}y${B_1}":  "x<A>y<B_1>",
		"$${A}":         "${A}",
		"$A $ {A}":      "$A $ {A}",
		"5$ and {x}":    "5$ and {x}",
		"${UNSET}":      "the environment variable UNSET is not set",
		"${A${B}":       "names no environment variable",
		"${}":           "names no environment variable",
		"${1}":          "names no environment variable",
		"at the end ${": "${ is not closed",
	} {
		f, root := Parse("f.yaml", []byte("a: '"+text+"'\n"), env)
		got := root.Text("a", "otherwise")
		if faults := f.Faults(); len(faults) > 0 {
			if !strings.Contains(faults.Error(), want) || faults[0].Column != 4 || got != "otherwise" {
				t.Errorf("%s: %v", text, faults)
			}
		} else if got != want {
			t.Errorf("%s became %q, want %q", text, got, want)
		}
	}
	if _, root := Parse("f.yaml", []byte("a: ${A}\n"), nil); root.Text("a", "") != "${A}" {
		t.Error("a file without an environment was changed")
	}
}

func TestDurationsAreReadAndWritten(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "15m": 15 * time.Minute, "36h": 36 * time.Hour, "14d": 14 * day, "2w": 14 * day, "0d": 0} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
		back, err := ParseDuration(FormatDuration(got))
		if err != nil || back != got {
			t.Errorf("%s is written as %s", text, FormatDuration(got))
		}
	}
	for _, text := range []string{"", "14", "-3d", "+3d", "1.5h", "3 d", "1h30m", "d", "3D", "3y", "3mo", "106751d24h", "300000w", "９d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is taken for %s", text, d)
		}
	}
}

func TestTheLikeliestWordIsNamed(t *testing.T) {
	known := []string{"cron", "name", "time_zone", "window"}
	for word, want := range map[string]string{
		"crom": "did you mean cron?", "TimeZone": "did you mean time_zone?", "windows": "did you mean window?",
		"closed": "possible: cron, name, time_zone, window", "x": "possible: cron, name, time_zone, window",
	} {
		if got := Suggest(word, known); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
	if got := Distance("kitten", "sitting"); got != 3 {
		t.Errorf("kitten and sitting are %d apart", got)
	}
}
