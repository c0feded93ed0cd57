package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/fault"
)

// Whatever stands in a process.yaml: it is a process that contradicts itself nowhere, or its faults have places.
func FuzzProcess(f *testing.F) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "../../config/process.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(full))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, faults := Read("process.yaml", data, time.UTC)
		if (p == nil) != (len(faults) > 0) {
			t.Fatalf("%v beside the faults %v", p, faults)
		}
		placed(t, data, faults)
		if p != nil {
			consistent(t, p)
		}
	})
}

func placed(t *testing.T, data []byte, faults fault.List) {
	t.Helper()
	lines := strings.Split(string(data), "\n")
	for _, one := range faults {
		if one.Line < 0 || one.Line > len(lines) || one.What == "" || one.Line > 0 && one.Column > len(lines[one.Line-1])+1 {
			t.Errorf("a fault at no place: %v", one)
		}
	}
}

// consistent holds what every figure relies on.
func consistent(t *testing.T, p *Process) {
	t.Helper()
	if p.Name == "" || len(p.Versions) == 0 {
		t.Fatalf("a process %q of %d versions", p.Name, len(p.Versions))
	}
	for i := range p.Versions {
		v := &p.Versions[i]
		if i > 0 && v.From.Before(p.Versions[i-1].From) {
			t.Errorf("version %d is older than the one before", i)
		}
		mandatory, phase := false, Before
		for j := range v.Stages {
			s := &v.Stages[j]
			if v.Position(s.Key) != j || s.Phase < phase || s.Final && s.StallAfter.OK || s.WinProbability.V < 0 || s.WinProbability.V > 1 {
				t.Errorf("stage %d: %+v", j, s)
			}
			mandatory, phase = mandatory || s.Mandatory, s.Phase
			for _, name := range s.CRMStages {
				if at := p.LookupIn(name, i); at == nil || at.Key != s.Key {
					t.Errorf("%q of stage %s means %v", name, s.Key, at)
				}
				if o, closed := p.ClosedAs(name); closed {
					t.Errorf("%q of stage %s is closed as %s", name, s.Key, o)
				}
			}
		}
		if !mandatory {
			t.Errorf("version %d has no mandatory stage", i)
		}
		seen := map[string]bool{}
		for _, c := range p.Checkpoints(v.From) {
			if seen[c.Key] || c.Stage == nil {
				t.Errorf("checkpoint %s of version %d stands twice or at no stage", c.Key, i)
			}
			seen[c.Key] = true
		}
	}
}
