package health

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// WriteJSON prints the report as one indented object. Of one rep (rep not empty) it keeps that rep's own
// figures, deals and lost deals, beside what the report is of, and everything else is null.
func WriteJSON(w io.Writer, r *Report, rep string) error {
	var what any = r
	if rep != "" {
		what = oneRep(r, rep)
	}
	p := &jsonPrinter{to: bufio.NewWriter(w)}
	p.object(reflect.Indirect(reflect.ValueOf(what)))
	return errors.Join(p.err, p.to.Flush())
}

// jsonPrinter prints as a json.Encoder with an indent of two spaces does, but the lists of the outermost object by
// stretches: the deals of a large company would be held twice in memory otherwise, as text. Several stretches are
// made at once, as the library takes its time.
type jsonPrinter struct {
	to  *bufio.Writer
	err error
}

// stretch is how many members of a list are made at a time.
const stretch = 512

func (p *jsonPrinter) object(v reflect.Value) {
	for i, before := 0, "{"; i < v.NumField(); i++ {
		name := v.Type().Field(i).Tag.Get("json")
		if name == "-" {
			continue
		}
		p.print([]byte(before+"\n  \""+name+"\": "), nil)
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() > 0 {
			p.list(f)
		} else {
			p.print(appendJSON(nil, f, "  "))
		}
		before = ","
	}
	p.print([]byte("\n}\n"), nil)
}

type made struct {
	text []byte
	err  error
}

func (p *jsonPrinter) list(v reflect.Value) {
	p.print([]byte("["), nil)
	var ahead []chan made // in order
	for from := 0; from < v.Len() || len(ahead) > 0; {
		for ; from < v.Len() && len(ahead) < runtime.GOMAXPROCS(0); from += stretch {
			part := v.Slice(from, min(from+stretch, v.Len()))
			c := make(chan made, 1)
			go func() { c <- members(part) }()
			ahead = append(ahead, c)
		}
		m := <-ahead[0]
		ahead = ahead[1:]
		if len(ahead) == 0 && from >= v.Len() {
			m.text = append(bytes.TrimSuffix(m.text, []byte(",")), "\n  ]"...)
		}
		p.print(m.text, m.err)
	}
}

// members prints each one with a comma after it.
func members(v reflect.Value) (m made) {
	if deals, ok := v.Interface().([]Deal); ok {
		p := dealPrinter{text: make([]byte, 0, 1024*len(deals))}
		for i := range deals {
			p.text = append(p.text, "\n    "...)
			p.deal(&deals[i])
			p.text = append(p.text, ',')
		}
		return made(p)
	}
	for i := 0; i < v.Len() && m.err == nil; i++ {
		m.text = append(m.text, "\n    "...)
		m.text, m.err = appendJSON(m.text, v.Index(i), "    ")
		m.text = append(m.text, ',')
	}
	return m
}

func appendJSON(text []byte, v reflect.Value, indent string) ([]byte, error) {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(v.Interface()); err != nil {
		return text, err
	}
	tidy := bytes.NewBuffer(text)
	err := json.Indent(tidy, bytes.TrimSuffix(plain.Bytes(), []byte("\n")), indent, "  ")
	return tidy.Bytes(), err
}

// print writes what was made well; Flush says what went wrong with writing.
func (p *jsonPrinter) print(text []byte, err error) {
	p.err = cmp.Or(p.err, err)
	_, _ = p.to.Write(text)
}

// oneRep is Report with room for null, since a rep may see nobody else's figures.
func oneRep(r *Report, rep string) any {
	only := OfRep(r, rep)
	return struct {
		AsOf        time.Time       `json:"as_of"`
		Window      pipeline.Period `json:"window"`
		Process     string          `json:"process"`
		Currency    string          `json:"currency"`
		Sources     *Sources        `json:"sources"`
		Team        *Figures        `json:"team"`
		Managers    []Group         `json:"managers"`
		Reps        []RepFigures    `json:"reps"`
		Stages      []Stage         `json:"stages"`
		Checkpoints []Checkpoint    `json:"checkpoints"`
		Deals       []Deal          `json:"deals"`
		Lost        []LostDeal      `json:"lost"`
		Paths       []Path          `json:"paths"`
		Consistency Number          `json:"consistency"`
		Pressure    *Pressure       `json:"pressure"`
		Gaps        *Gaps           `json:"gaps"`
	}{AsOf: r.AsOf, Window: r.Window, Process: r.Process, Currency: r.Currency,
		Reps: only.Reps, Deals: only.Deals, Lost: only.Lost}
}

// OfRep gives the report with nothing left in it but one rep's own figures, deals and lost deals.
func OfRep(r *Report, rep string) *Report {
	own := func(id pipeline.Opt[string]) bool { return id.OK && id.V == rep }
	out := &Report{AsOf: r.AsOf, Window: r.Window, Process: r.Process, Currency: r.Currency,
		Reps: []RepFigures{}, Deals: []Deal{}, Lost: []LostDeal{}}
	for _, f := range r.Reps {
		if f.ID == rep {
			out.Reps = append(out.Reps, f)
		}
	}
	for _, d := range r.Deals {
		if own(d.RepID) {
			out.Deals = append(out.Deals, d)
		}
	}
	for _, d := range r.Lost {
		if own(d.RepID) {
			out.Lost = append(out.Lost, d)
		}
	}
	return out
}

// WriteCSV prints a row per rep under flattened names (adherence.due); the first row is the team, unless
// the report is one rep's. A text that a spreadsheet would take for a formula begins with an apostrophe. Lists (periods, calibration, lead times, trend) are in the JSON only.
func WriteCSV(w io.Writer, r *Report) error {
	out := csv.NewWriter(w)
	header := []string{"id", "name", "team", "manager_id"}
	for name := range leaves("", reflect.TypeFor[Figures](), reflect.Value{}) {
		header = append(header, name)
	}
	rows := [][]string{header}
	if r.Team.Adherence != nil || r.Team.Stall != nil {
		rows = append(rows, append([]string{"team", "", "", ""}, csvCells(r.Team)...))
	}
	for _, f := range r.Reps {
		rows = append(rows, append([]string{inert(f.ID), inert(f.Name), inert(f.Team.V), inert(f.ManagerID.V)}, csvCells(f.Figures)...))
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// inert keeps a spreadsheet from running what somebody wrote into a name; a number is none.
func inert(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}

func csvCells(f Figures) []string {
	var out []string
	for _, cell := range leaves("", reflect.TypeFor[Figures](), reflect.ValueOf(f)) {
		out = append(out, cell)
	}
	return out
}

// leaves walks the scalars of a struct in the order of its fields, by their JSON names. The walk follows the
// type, so that a missing part gives empty cells in the same columns.
func leaves(prefix string, t reflect.Type, v reflect.Value) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range t.NumField() {
			field := t.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			kind, value := field.Type, reflect.Value{}
			if v.IsValid() {
				value = v.Field(i)
			}
			if kind.Kind() == reflect.Pointer {
				kind = kind.Elem()
				if value.IsValid() {
					value = value.Elem() // of a nil pointer: not valid
				}
			}
			switch _, scalar := reflect.Zero(kind).Interface().(json.Marshaler); {
			case kind.Kind() == reflect.Slice:
			case kind.Kind() == reflect.Struct && !scalar:
				for n, c := range leaves(prefix+name+".", kind, value) {
					if !yield(n, c) {
						return
					}
				}
			case !yield(prefix+name, csvCell(value)):
				return
			}
		}
	}
}

// csvCell is the JSON of a scalar, empty for null, without quotes.
func csvCell(v reflect.Value) string {
	if !v.IsValid() {
		return ""
	}
	text, err := json.Marshal(v.Interface())
	if err != nil || string(text) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(text, &s) == nil {
		return s
	}
	return string(text)
}

// byKeys walks a map by its keys.
func byKeys[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
