package twin_test

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/health"
	"drumbeat/internal/health/twin"
	"drumbeat/internal/pipeline"
)

const gate = 5000 // cases without DRUMBEAT_CASES

func TestTheSlowTwinAgrees(t *testing.T) {
	n := cases(t)
	set(t, "rapid.checks", strconv.Itoa((n+1)/2))
	if os.Getenv("DRUMBEAT_CASES") == "" && flag.Lookup("rapid.seed").Value.String() == "0" {
		set(t, "rapid.seed", "11") // the gate tries the same cases everywhere; the soak others every time
	}
	old := debug.SetGCPercent(800) // nothing outlives its case
	seen := [2]map[string]int{{}, {}}
	t.Cleanup(func() {
		debug.SetGCPercent(old)
		if n >= gate && !t.Failed() {
			reachesAll(t, seen)
		}
	})
	for half := range seen {
		t.Run([]string{"one half", "the other half"}[half], func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				if half == 1 {
					rapid.Bool().Draw(t, "so that the halves differ")
				}
				note(seen[half], agree(t))
			})
		})
	}
}

// agree makes a case and fails where the two reports of it differ.
func agree(t *rapid.T) *health.Report {
	in := twin.Case(t)
	fast, err := health.Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	if at := difference(reflect.ValueOf(fast), reflect.ValueOf(twin.Report(in))); at != "" {
		t.Fatalf("the fast and the slow one differ at %s\n%s", at, twin.Describe(in))
	}
	thin, err := health.Compute(needed(in))
	if err != nil {
		t.Fatal(err)
	}
	if at := difference(reflect.ValueOf(fast), reflect.ValueOf(thin)); at != "" {
		t.Fatalf("without what is not needed differs %s\n%s", at, twin.Describe(in))
	}
	return fast
}

// needed is the input without the rows that nobody needs.
func needed(in health.Input) health.Input {
	needs := health.Needs(in.AsOf, in.Settings, in.Process)
	all, reading := in.Reading.Deals, *in.Reading
	reading.Deals = func(yield func(*pipeline.History, error) bool) {
		for h := range all {
			thin := *h
			thin.Activities = needs.Thin(slices.Clone(h.Activities), &thin.Earlier)
			if !yield(&thin, nil) {
				return
			}
		}
	}
	in.Reading = &reading
	return in
}

// cases is how many inputs are tried: DRUMBEAT_CASES, else those of the gate (a tenth under -short).
func cases(t *testing.T) int {
	s := os.Getenv("DRUMBEAT_CASES")
	if s == "" && testing.Short() {
		return gate / 10
	}
	n, err := strconv.Atoi(cmp.Or(s, strconv.Itoa(gate)))
	if err != nil || n < 1 {
		t.Fatalf("DRUMBEAT_CASES: %q is no number of cases; say how many, like 100000", s)
	}
	return n
}

// set gives a flag another value for one test.
func set(t *testing.T, name, value string) {
	old := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set(name, old); err != nil {
			t.Error(err)
		}
	})
}

// difference gives the path and both values of the first place where two reports differ, "" where they agree.
// Floats may differ by 1e-9, absolutely or relatively; all else is held exactly, as the JSON would show it: a
// list that is null and one that is empty differ.
func difference(fast, slow reflect.Value) string {
	switch fast.Kind() {
	case reflect.Pointer:
		if !fast.IsNil() && !slow.IsNil() {
			return difference(fast.Elem(), slow.Elem())
		}
		if fast.IsNil() && slow.IsNil() {
			return ""
		}
	case reflect.Struct:
		if f, ok := fast.Interface().(time.Time); ok {
			if s, ok := slow.Interface().(time.Time); ok && f == s {
				return ""
			}
			break
		}
		return ofStruct(fast, slow)
	case reflect.Slice:
		if fast.Len() == slow.Len() && fast.IsNil() == slow.IsNil() {
			return ofSlice(fast, slow)
		}
	case reflect.Float64:
		if math.Abs(fast.Float()-slow.Float()) <= 1e-9*max(1, math.Abs(fast.Float())) {
			return ""
		}
	case reflect.Map:
		if reflect.DeepEqual(fast.Interface(), slow.Interface()) {
			return ""
		}
	default:
		if fast.Equal(slow) {
			return ""
		}
	}
	return fmt.Sprintf(": %+v (fast), %+v (slow)", fast, slow)
}

// beside are the fields that the JSON leaves out and the twin computes all the same.
var beside = map[string]bool{"Closed": true, "Lacks": true}

func ofStruct(fast, slow reflect.Value) string {
	if ok := fast.FieldByName("OK"); ok.IsValid() && !ok.Bool() && !slow.FieldByName("OK").Bool() {
		return "" // two that are missing, whatever else they hold
	}
	for i := range fast.NumField() {
		f := fast.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			if !beside[f.Name] || fast.Field(i).Len()+slow.Field(i).Len() == 0 {
				continue
			}
			name = f.Name
		}
		if at := difference(fast.Field(i), slow.Field(i)); at != "" {
			return "." + cmp.Or(name, f.Name) + at
		}
	}
	return ""
}

func ofSlice(fast, slow reflect.Value) string {
	for i := range fast.Len() {
		if at := difference(fast.Index(i), slow.Index(i)); at != "" {
			return fmt.Sprintf("[%d]%s", i, at)
		}
	}
	return ""
}
