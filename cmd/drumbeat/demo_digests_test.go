package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	files "drumbeat/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/sample"
)

// What the sample was given by construction must stand in the mails that people open.
func TestTheDemosDigestsTellWhatWasPlanted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var stderr bytes.Buffer
	if status := execute(t.Context(), []string{"demo", "--out", dir}, io.Discard, &stderr); status != exitDone {
		t.Fatalf("exit status %d: %s", status, &stderr)
	}
	proc, faults := process.Read("process.yaml", files.ProcessYAML, sample.AsOf.Location())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	p := sample.Generate(sample.Options{Seed: 1, Process: proc})
	deals := map[string]pipeline.Deal{}
	for h := range p.Deals() {
		deals[h.Deal.ID] = h.Deal
	}
	managers, own := digests(t, dir, "weekly-team"), digests(t, dir, "weekly-own")
	if len(managers) < 3 || len(own) < 12 {
		t.Fatalf("%d managers and %d reps got a digest", len(managers), len(own))
	}

	t.Run("skipped stages", func(t *testing.T) {
		line := regexp.MustCompile(`Skipped in the week: ([^.]*)\.`).FindStringSubmatch(managers["R002"])
		if line == nil {
			t.Fatalf("not a word in\n%s", managers["R002"])
		}
		if n := total(t, []string{line[1]}, `(\d+) of \d+ times`); n < 20 {
			t.Errorf("%d skipped stages are told: %s", n, line[1])
		}
	})
	t.Run("deals that stand still", func(t *testing.T) {
		if n := total(t, texts(managers), `Deals that stand still: (\d+) of`); n < 15 {
			t.Errorf("%d stalled deals are told", n)
		}
		// among those to do first as an alarm, in the watch list after the amount
		named(t, own, deals, p.Planted.Stalls, 12, `%s(?:[^!]* !|, [^,!]*,) \d+ days in [^!]*usual limit`)
	})
	t.Run("pushed close dates", func(t *testing.T) {
		if n := total(t, texts(own), `(\d+) close dates? (?:was|were) pushed in the week`); n < 10 {
			t.Errorf("%d pushes are told", n)
		}
	})
	t.Run("silent buyers", func(t *testing.T) {
		if n := total(t, texts(managers), `(\d+) open deals? with a silent buyer`); n < 10 {
			t.Errorf("%d silent buyers are told", n)
		}
	})
	t.Run("clean losses", func(t *testing.T) {
		if len(p.Planted.CleanLosses) < 3 {
			t.Fatalf("planted: %v", p.Planted.CleanLosses)
		}
		named(t, managers, deals, p.Planted.CleanLosses, 3, `%s: lost, with everything done that the process asks`)
		named(t, own, deals, p.Planted.CleanLosses, 3, `%s: lost, and you did everything right`)
	})
	t.Run("winners without a stage", func(t *testing.T) {
		stage := proc.Versions[len(proc.Versions)-1].Stage(p.Planted.Shortcut).Name
		for id, text := range managers {
			found := regexp.MustCompile(`(\d+) of (\d+) (?:deals won in the last year|won deals) that were asked for (?:the stage )?` + stage).FindStringSubmatch(text)
			if found == nil || 2*number(t, found[1]) <= number(t, found[2]) {
				t.Errorf("%s is not told that most wins went without %s: %v", id, stage, found)
			}
		}
	})
	t.Run("the rep who calls too high", func(t *testing.T) {
		id := p.Planted.OverCallers[0]
		found := regexp.MustCompile(`Calls were (\d+) % too high`).FindStringSubmatch(own[id])
		if found == nil || number(t, found[1]) < 30 {
			t.Errorf("%s is not told: %v in\n%s", id, found, own[id])
		}
	})
}

// digests reads the text parts of a schedule's mails on one line each, by the recipient's id.
func digests(t *testing.T, dir, schedule string) map[string]string {
	t.Helper()
	out := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(dir, schedule, "*", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(path), ".txt")] = strings.Join(strings.Fields(string(data)), " ")
	}
	return out
}

func texts(digests map[string]string) []string {
	var out []string
	for _, text := range digests {
		out = append(out, text)
	}
	return out
}

// total adds up the number that a pattern finds in each text.
func total(t *testing.T, texts []string, pattern string) int {
	t.Helper()
	sum := 0
	for _, text := range texts {
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			sum += number(t, found[1])
		}
	}
	return sum
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// named demands that at least so many of the deals stand in some digest in these words.
func named(t *testing.T, digests map[string]string, deals map[string]pipeline.Deal, ids []string, least int, words string) {
	t.Helper()
	n := 0
	var missing []string
	for _, id := range ids {
		pattern := regexp.MustCompile(strings.Replace(words, "%s", regexp.QuoteMeta(deals[id].Name), 1))
		found := false
		for _, text := range digests {
			found = found || pattern.MatchString(text)
		}
		if found {
			n++
		} else {
			missing = append(missing, deals[id].Name)
		}
	}
	if n < least {
		t.Errorf("%d of %d are told as %q; not: %s", n, len(ids), words, strings.Join(missing, "; "))
	}
}
