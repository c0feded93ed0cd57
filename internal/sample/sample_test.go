package sample

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// theProcess is the process that the repository comes with: what the demo is judged by.
func theProcess(t testing.TB) *process.Process {
	t.Helper()
	const name = "../../config/process.yaml"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, faults := process.Read(name, data, time.UTC)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

// written gives the files of a pipeline by name.
func written(t *testing.T, p *Pipeline) map[string][]byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample")
	if err := p.WriteCSV(dir); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, rows := range pipeline.AllRows {
		name := string(rows) + ".csv"
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = data
	}
	return out
}

func TestSameSeedSameBytes(t *testing.T) {
	proc := theProcess(t)
	one := written(t, Generate(Options{Seed: 7, Process: proc}))
	two := written(t, Generate(Options{Seed: 7, Process: proc}))
	other := written(t, Generate(Options{Seed: 8, Process: proc}))
	for name, data := range one {
		if !bytes.Equal(data, two[name]) {
			t.Errorf("%s differs between two pipelines of one seed", name)
		}
		if bytes.Equal(data, other[name]) {
			t.Errorf("%s is the same for another seed", name)
		}
	}
}

func TestReadingTwiceGivesTheSameDeals(t *testing.T) {
	p := Generate(Options{Seed: 7, Process: theProcess(t)})
	var first, second []string
	for h := range p.Deals() {
		first = append(first, h.Deal.ID+h.Deal.Name)
	}
	for h := range p.Deals() {
		second = append(second, h.Deal.ID+h.Deal.Name)
	}
	if !slices.Equal(first, second) || !slices.IsSorted(first) {
		t.Error("deals are not the same, or not by id")
	}
}

// The rows must be canonical for any size, any instant and any process that process.Read accepts.
func TestRowsAreCanonical(t *testing.T) {
	proc := theProcess(t)
	cases := []struct {
		name string
		opt  Options
	}{
		{"the demo", Options{Seed: 1, Process: proc}},
		{"one seller", Options{Seed: 1, Reps: 1, Deals: 90, Process: proc}},
		{"fewer deals than planted ones", Options{Seed: 2, Deals: 20, Process: proc}},
		{"one deal", Options{Seed: 3, Deals: 1, Process: proc}},
		{"two hundred sellers", Options{Seed: 4, Reps: 200, Deals: 2000, Process: proc}},
		{"midweek, at noon, in summer time", Options{Seed: 5, Process: proc,
			AsOf: time.Date(2025, 8, 13, 12, 0, 0, 0, time.FixedZone("CEST", 7200))}},
		{"a process of one stage", Options{Seed: 6, Process: tinyProcess(1)}},
		{"a process of two stages", Options{Seed: 6, Process: tinyProcess(2)}},
		{"a process that only delivers", Options{Seed: 6, Process: only(process.After, true)}},
		{"a process in which all before the win is optional", Options{Seed: 6, Process: only(process.Selling, false)}},
		{"a process of three optional stages and one mandatory", Options{Seed: 6, Process: tinyProcess(4)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := Generate(c.opt)
			checkReps(t, p.Reps)
			asOf := c.opt.AsOf
			if asOf.IsZero() {
				asOf = AsOf
			}
			reps := map[string]bool{}
			for _, r := range p.Reps {
				reps[r.ID] = true
			}
			seen := map[string]bool{}
			for h := range p.Deals() {
				if seen[h.Deal.ID] {
					t.Fatalf("deal %s twice", h.Deal.ID)
				}
				seen[h.Deal.ID] = true
				checkDeal(t, h, reps, asOf)
			}
			want := c.opt.Deals
			if want == 0 {
				want = DefaultDeals
			}
			if len(seen) != want {
				t.Errorf("%d deals, want %d", len(seen), want)
			}
		})
	}
}

// tinyProcess has n selling stages; of four all but the first are optional.
func tinyProcess(n int) *process.Process {
	var stages []process.Stage
	for _, key := range []string{"talk", "try", "agree", "sign"}[:n] {
		stages = append(stages, process.Stage{Key: key, Name: key, Phase: process.Selling,
			Mandatory: n < 4 || key == "talk"})
	}
	return process.New("tiny", nil, nil, nil, []process.Version{{Stages: stages}})
}

// only has four stages of one phase, and one that is mandatory at the end.
func only(phase process.Phase, mandatory bool) *process.Process {
	var stages []process.Stage
	for _, key := range []string{"one", "two", "three", "four"} {
		stages = append(stages, process.Stage{Key: key, Name: key, Phase: phase, Mandatory: mandatory})
	}
	stages = append(stages, process.Stage{Key: "paid", Name: "paid", Phase: process.After, Mandatory: true})
	return process.New("odd", nil, nil, nil, []process.Version{{Stages: stages}})
}

func checkReps(t *testing.T, reps []pipeline.Rep) {
	t.Helper()
	ids, mails := map[string]bool{}, map[string]bool{}
	for _, r := range reps {
		if ids[r.ID] || mails[r.Email] || r.Name == "" {
			t.Errorf("%s %s %s: id or address twice, or no name", r.ID, r.Name, r.Email)
		}
		ids[r.ID], mails[r.Email] = true, true
		odd := strings.ContainsFunc(r.Email, func(c rune) bool { return c > 126 || c == ' ' })
		if !strings.HasSuffix(r.Email, ".example") || odd {
			t.Errorf("address %q can be somebody's, or is none", r.Email)
		}
		if _, err := time.LoadLocation(r.TimeZone); err != nil || r.TimeZone == "" {
			t.Errorf("%s: time zone %q: %v", r.ID, r.TimeZone, err)
		}
	}
	for _, r := range reps {
		if r.ManagerID != "" && !ids[r.ManagerID] {
			t.Errorf("%s reports to %s, who is nobody", r.ID, r.ManagerID)
		}
	}
	if !slices.IsSortedFunc(reps, func(a, b pipeline.Rep) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("reps are not by id")
	}
}

func checkDeal(t *testing.T, h *pipeline.History, reps map[string]bool, asOf time.Time) {
	t.Helper()
	d := h.Deal
	if !reps[d.RepID] || d.Name == "" || d.Stage == "" {
		t.Errorf("%s: owner %q, name %q, stage %q", d.ID, d.RepID, d.Name, d.Stage)
	}
	if (d.Outcome == pipeline.Open) == d.ClosedAt.OK || (d.Outcome == pipeline.Lost) == (d.LossReason == "") {
		t.Errorf("%s is %s, closed at %v, reason %q", d.ID, d.Outcome, d.ClosedAt, d.LossReason)
	}
	if d.Outcome == pipeline.Won && !d.Amount.OK {
		t.Errorf("%s is won for nothing", d.ID)
	}
	for _, c := range h.Changes {
		if c.Stage == "Closed Won" && d.Outcome != pipeline.Won || c.Stage == "Closed Lost" && d.Outcome != pipeline.Lost {
			t.Errorf("%s is %s and entered %s", d.ID, d.Outcome, c.Stage)
		}
	}
	times := map[string][]time.Time{"created": {d.CreatedAt}, "closed": {d.ClosedAt.Or(d.CreatedAt)}}
	for _, r := range h.Changes {
		times["change"] = append(times["change"], r.At)
		if !reps[r.RepID] {
			t.Errorf("%s: moved by %q", d.ID, r.RepID)
		}
	}
	for _, r := range h.Activities {
		times["activity"] = append(times["activity"], r.At)
	}
	for _, r := range h.Criteria {
		times["criterion"] = append(times["criterion"], r.At)
	}
	for _, r := range h.Forecasts {
		times["forecast"] = append(times["forecast"], r.At)
		if p := r.Probability.V; p < 0 || p > 1 || r.Amount.V < 0 {
			t.Errorf("%s: forecast %+v", d.ID, r)
		}
	}
	for _, r := range h.Waivers {
		times["waiver"] = append(times["waiver"], r.At)
		if r.DealID != d.ID || !strings.HasPrefix(r.Checkpoint, "stage:") {
			t.Errorf("%s: waiver %+v", d.ID, r)
		}
	}
	for what, ts := range times {
		if !slices.IsSortedFunc(ts, time.Time.Compare) {
			t.Errorf("%s: a %s is out of order", d.ID, what)
		}
		for _, at := range ts {
			if at.Before(d.CreatedAt) || !at.Before(asOf) {
				t.Errorf("%s: a %s at %s, created %s", d.ID, what, at, d.CreatedAt)
			}
		}
	}
	if len(h.Changes) == 0 || !h.Changes[0].At.Equal(d.CreatedAt) {
		t.Errorf("%s does not begin in a stage", d.ID)
	}
	for i := 1; i < len(h.Changes); i++ {
		if !h.Changes[i].At.After(h.Changes[i-1].At) {
			t.Errorf("%s: two stages at %s", d.ID, h.Changes[i].At)
		}
	}
}

// What the files say must be what a Reading says: the demo goes by the files, tests by the Reading.
func TestFilesHoldTheRowsOfTheReading(t *testing.T) {
	p := Generate(Options{Seed: 3, Process: theProcess(t)})
	files := written(t, p)
	r := p.Reading(AsOf)
	if !r.PartyNamed {
		t.Error("no party named")
	}
	deals := 0
	for _, err := range r.Deals {
		if err != nil {
			t.Fatal(err)
		}
		deals++
	}
	r.Counts[pipeline.Deals] = deals
	for _, rows := range pipeline.AllRows {
		if !r.Tables[rows] {
			t.Errorf("no table %s", rows)
		}
		records, err := csv.NewReader(bytes.NewReader(files[string(rows)+".csv"])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := len(records) - 1; got != r.Counts[rows] || got == 0 {
			t.Errorf("%s: %d rows in the file, %d in the reading", rows, got, r.Counts[rows])
		}
		checkFields(t, rows, records)
	}
}

// checkFields reads each value back as the kind that its column has.
func checkFields(t *testing.T, rows pipeline.Rows, records [][]string) {
	t.Helper()
	for c, name := range records[0] {
		var read func(string) error
		switch name {
		case "at", "met_at", "created_at", "closed_at":
			read = func(s string) error { _, err := time.Parse(time.RFC3339, s); return err }
		case "expected_close":
			read = func(s string) error { _, err := pipeline.ParseDate(s); return err }
		case "amount", "probability", "seq":
			read = func(s string) error { _, err := strconv.ParseFloat(s, 64); return err }
		case "active":
			read = func(s string) error { _, err := strconv.ParseBool(s); return err }
		default:
			continue
		}
		for i, rec := range records[1:] {
			if rec[c] == "" && (name == "closed_at" || name == "expected_close" || name == "amount") {
				continue
			}
			if err := read(rec[c]); err != nil {
				t.Errorf("%s row %d: %s: %v", rows, i+1, name, err)
			}
		}
	}
}

func TestWriteCSVSaysWhereItCannot(t *testing.T) {
	inTheWay := filepath.Join(t.TempDir(), "sample")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := Generate(Options{Deals: 1, Process: theProcess(t)})
	if err := p.WriteCSV(inTheWay); err == nil || !strings.Contains(err.Error(), inTheWay) {
		t.Errorf("a file stands where the folder should be: %v", err)
	}
}

func TestTheHouseHasManagersAndTeams(t *testing.T) {
	p := Generate(Options{Seed: 1, Process: theProcess(t)})
	managers, teams, zones, selling := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for h := range p.Deals() {
		selling[h.Deal.RepID] = true
	}
	for _, r := range p.Reps {
		managers[r.ManagerID] = true
		teams[r.Team] = true
		zones[r.TimeZone] = true
	}
	delete(managers, "")
	delete(teams, "")
	sellers, sellingManagers := 0, 0
	for _, r := range p.Reps {
		switch {
		case managers[r.ID] && selling[r.ID]:
			sellingManagers++
		case !managers[r.ID] && r.Active:
			sellers++
		}
	}
	if len(managers) != 4 || len(teams) != 3 || len(zones) < 5 || sellers < 12 || sellingManagers != 1 {
		t.Errorf("%d managers with the head of sales, %d teams, %d zones, %d active sellers, %d managers who sell",
			len(managers), len(teams), len(zones), sellers, sellingManagers)
	}
}

func BenchmarkGenerate(b *testing.B) {
	proc := theProcess(b)
	for b.Loop() {
		for range Generate(Options{Seed: 1, Process: proc}).Deals() {
		}
	}
}
