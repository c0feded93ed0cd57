package export

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/yamlfile"
)

// files is a folder of an export: name → text. map.yaml is the company's map.
type files map[string]string

func (f files) in(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// open reads a folder; its faults have the folder cut off.
func open(t testing.TB, f files, opts Options) (*Export, fault.List) {
	t.Helper()
	dir := f.in(t)
	if _, ok := f["map.yaml"]; ok {
		opts.Map = filepath.Join(dir, "map.yaml")
	}
	e, faults := Open([]string{dir}, opts)
	for i := range faults {
		faults[i].File = strings.TrimPrefix(strings.TrimPrefix(faults[i].File, dir), "/")
		faults[i].What = strings.ReplaceAll(faults[i].What, dir+"/", "")
	}
	if e != nil {
		for i := range e.Warnings {
			e.Warnings[i].File = strings.TrimPrefix(e.Warnings[i].File, dir+"/")
		}
	}
	return e, faults
}

// rows gives what an export says of one kind of rows, a line each: the columns that have a value.
func rows(t testing.TB, e *Export, kind pipeline.Rows) []string {
	t.Helper()
	var out []string
	for _, table := range e.Tables {
		if table.Rows != kind {
			continue
		}
		err := table.Each(func(r Row) error {
			var parts []string
			for i, v := range r.Values {
				if p := r.Place(i); v != "" && p.Line < 1 {
					t.Errorf("%s has no place", table.Columns[i])
				}
				if v != "" {
					parts = append(parts, table.Columns[i]+"="+v)
				}
			}
			out = append(out, strings.Join(parts, " "))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// told opens an export that has no fault.
func told(t testing.TB, f files, opts Options) *Export {
	t.Helper()
	e, faults := open(t, f, opts)
	if len(faults) > 0 {
		t.Fatalf("faults:\n%v", faults)
	}
	return e
}

func want(t testing.TB, got []string, wanted ...string) {
	t.Helper()
	if !slices.Equal(got, wanted) {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(wanted, "\n     "))
	}
}

const plainHead = "Deal ID,Deal Name,Owner,Stage,Amount,Created,Close Date\n"

// column gives the values of one column of deals.
func column(t testing.TB, e *Export, name string) []string {
	t.Helper()
	var out []string
	for _, line := range rows(t, e, pipeline.Deals) {
		value := "-"
		for _, part := range strings.Split(line, " ") {
			if v, ok := strings.CutPrefix(part, name+"="); ok {
				value = v
			}
		}
		out = append(out, value)
	}
	return out
}

func TestEveryPresetCanBeRead(t *testing.T) {
	if got := Presets(); !slices.Equal(got, []string{"csv", "hubspot-csv", "pipedrive-csv", "salesforce-csv"}) {
		t.Errorf("presets %v", got)
	}
	for _, preset := range Presets() {
		m, faults := loadMapping(Options{Preset: preset})
		if len(faults) > 0 {
			t.Errorf("%s: %v", preset, faults)
		}
		// One header must not tell two things of the same rows.
		for _, kind := range kinds {
			told := map[string]string{}
			for key, names := range m.columns[kind] {
				for _, name := range names {
					if was, twice := told[normal(name)]; twice && was != key && preset == basic && !(was == "deal_id" || was == "deal_name") {
						t.Errorf("%s: %q tells %s and %s", kind, name, was, key)
					}
					told[normal(name)] = key
				}
			}
		}
	}
}

func TestDatesAreReadInTheOrderThatFitsAll(t *testing.T) {
	for name, c := range map[string]struct{ dates, want, what string }{
		"a 20th month there is none":        {"10/11/2016|10/20/2016", "2016-10-11T00:00:00Z|2016-10-20T00:00:00Z", ""},
		"a 20th comes first":                {"10.11.2016|20.10.2016 15:45", "2016-11-10T00:00:00Z|2016-10-20T15:45:00Z", ""},
		"the year comes first":              {"2016-10-11 15:45|2016/10/12", "2016-10-11T15:45:00Z|2016-10-12T00:00:00Z", ""},
		"a half of the day":                 {"10/20/2016 3:45 PM|10/20/2016 12:05 am", "2016-10-20T15:45:00Z|2016-10-20T00:05:00Z", ""},
		"ISO 8601 with an offset":           {"2016-10-20T15:45:00+02:00|2016-10-20T15:45:00.5Z|2016-10-20 15:45:00 -0530", "2016-10-20T13:45:00Z|2016-10-20T15:45:00.5Z|2016-10-20T21:15:00Z", ""},
		"months as words":                   {"\"Oct 20, 2016\"|20 October 2016|3-Nov-2016", "2016-10-20T00:00:00Z|2016-10-20T00:00:00Z|2016-11-03T00:00:00Z", ""},
		"all the same either way":           {"05/05/2016|06/06/2016", "2016-05-05T00:00:00Z|2016-06-06T00:00:00Z", ""},
		"nothing tells":                     {"03/04/2016|05/05/2016", "", `deals.csv:2: Created: "03/04/2016" is 3 April 2016 (dmy) or 4 March 2016 (mdy), and no other value of the file tells which; say --date-order dmy or --date-order mdy`},
		"two that contradict":               {"20/10/2016|03/04/2016|10/20/2016", "", `deals.csv:4: Created: "10/20/2016" contradicts "20/10/2016" on line 2`},
		"two that contradict, the US first": {"10/20/2016|20/10/2016", "", `deals.csv:3: Created: "20/10/2016" contradicts "10/20/2016" on line 2`},
		"a year of two digits":              {"10/20/16|10/20/2016", "", `deals.csv:2: Created: "10/20/16" has a year of two digits; export years with four`},
		"a day that no calendar has":        {"10/20/2016|2/30/2016", "", `deals.csv:3: Created: "2/30/2016" is no date in the order mdy, which the other dates of this file have`},
		"no date at all":                    {"10/20/2016|soon", "", `deals.csv:3: Created: "soon" is no date that can be read; write it like 2016-10-20`},
		"a zone that is a nickname":         {"10/20/2016|10/20/2016 10:00 CET", "", `deals.csv:3: Created: "10/20/2016 10:00 CET" is no date`},
	} {
		t.Run(name, func(t *testing.T) {
			text := plainHead
			for i, d := range strings.Split(c.dates, "|") {
				text += fmt.Sprintf("d%d,Acme,Ada,New,,%s,\n", i, d)
			}
			e, faults := open(t, files{"deals.csv": text}, Options{})
			if c.what != "" {
				if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), c.what) {
					t.Fatalf("\n got %v\nwant %s", faults, c.what)
				}
				return
			}
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			want(t, column(t, e, "created_at"), strings.Split(c.want, "|")...)
		})
	}
}

func TestTheCommandLineSettlesOrderAndZone(t *testing.T) {
	f := files{"deals.csv": plainHead + "d1,Acme,Ada,New,,03/04/2016,\nd2,Bolt,Ada,Won,,03/04/2016 10:00,05/06/2016\nd3,Cask,Ada,New,,03/04/2016 10:00Z,05/06/2016\n"}
	e := told(t, f, Options{DateOrder: "dmy", TimeZone: "Europe/Berlin"})
	want(t, column(t, e, "created_at"), "2016-04-02T22:00:00Z", "2016-04-03T08:00:00Z", "2016-04-03T10:00:00Z")
	want(t, column(t, e, "closed_at"), "-", "2016-06-04T22:00:00Z", "-")
	want(t, column(t, e, "expected_close"), "-", "-", "2016-06-05") // a date stays the one that is written there
	f["map.yaml"] = "date_order: mdy\ntime_zone: America/New_York\n"
	want(t, column(t, told(t, f, Options{}), "created_at"), "2016-03-04T05:00:00Z", "2016-03-04T15:00:00Z", "2016-03-04T10:00:00Z")
	want(t, column(t, told(t, f, Options{DateOrder: "dmy"}), "created_at")[:1], "2016-04-03T04:00:00Z") // the call is nearer than the file
	_, faults := open(t, files{"deals.csv": f["deals.csv"]}, Options{DateOrder: "ymd"})
	if len(faults) == 0 || !strings.Contains(faults[0].String(), `deals.csv:2: Created: 3 dates do not fit ymd, which was set for this file, the first "03/04/2016"; dmy and mdy each fit all of this column`) {
		t.Errorf("ymd: %v", faults)
	}
	for opts, what := range map[Options]string{
		{DateOrder: "us"}:            `--date-order: "us" is no order; dmy, mdy or ymd`,
		{TimeZone: "CET/Summer"}:     `--time-zone: "CET/Summer" is no time zone`,
		{Preset: "salesforce"}:       `--preset: "salesforce" is no preset for files; salesforce reads a database (source.preset of the config); for files it is salesforce-csv`,
		{Preset: "hubspott-csv"}:     `--preset: "hubspott-csv" is no preset for files; did you mean hubspot-csv?`,
		{Map: "/nowhere/there.yaml"}: `/nowhere/there.yaml: cannot be read: no such file`,
	} {
		if _, faults := Open([]string{"."}, opts); len(faults) != 1 || !strings.HasPrefix(faults[0].String(), what) {
			t.Errorf("\n got %v\nwant %s", faults, what)
		}
	}
}

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for name, c := range map[string]struct{ amounts, want, what string }{
		"dollars and thousands":            {"\"$1,234.50\"|\"(1,234)\"|-$5|1054.00", "1234.5|-1234|-5|1054", ""},
		"euros and thousands":              {"\"1.234,50 €\"|1.234|€ 7", "1234.5|1234|7", ""},
		"blanks and apostrophes":           {"\"1\u00a0234,50\"|1 234 567|\"1\u202f234\"|CHF 1'234", "1234.5|1234567|1234|1234", ""},
		"a code":                           {"\"USD 1,054.00\"|7 EUR", "1054|7", ""},
		"lakhs":                            {"\"₹12,34,567.50\"", "1234567.5", ""},
		"a comma decides by its decimals":  {"\"1,5\"|\"1.234\"", "1.5|1234", ""},
		"no thousands begin with a nought": {"0.125|7", "0.125|7", ""},
		"nothing to decide":                {"1054|0|70000", "1054|0|70000", ""},
		"thousands or decimals":            {"\"1,234\"|7", "", `deals.csv:2: Amount: "1,234" is 1234 (dot) or 1.234 (comma), and no other value of the file tells which; write decimal: dot or decimal: comma in the map`},
		"two that contradict":              {"\"1,234.5\"|\"1.234,5\"", "", `deals.csv:3: Amount: "1.234,5" contradicts "1,234.5" on line 2`},
		"thousands abbreviated":            {"5k", "", `deals.csv:2: Amount: "5k" is no number; write it like 1234.50`},
		"words":                            {"unknown", "", `deals.csv:2: Amount: "unknown" is no number`},
		"two currencies in one":            {"$5 EUR|USD 5 EUR", "", `deals.csv:3: Amount: "USD 5 EUR" is no number`},
	} {
		t.Run(name, func(t *testing.T) {
			text := plainHead
			for i, a := range strings.Split(c.amounts, "|") {
				text += fmt.Sprintf("d%d,Acme,Ada,New,%s,2016-10-20,\n", i, a)
			}
			e, faults := open(t, files{"deals.csv": text}, Options{})
			if c.what != "" {
				if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), c.what) {
					t.Fatalf("\n got %v\nwant %s", faults, c.what)
				}
				return
			}
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			want(t, column(t, e, "amount"), strings.Split(c.want, "|")...)
		})
	}
}

func TestTheMapSettlesDecimalsAndCurrency(t *testing.T) {
	f := files{"deals.csv": plainHead + "d1,Acme,Ada,New,\"1,234\",2016-10-20,\nd2,Bolt,Ada,New,$5,2016-10-20,\nd3,Cask,Ada,New,7 €,2016-10-20,\n", "map.yaml": "decimal: comma\n"}
	e := told(t, f, Options{})
	want(t, column(t, e, "amount"), "1.234", "5", "7")
	want(t, column(t, e, "currency"), "-", "-", "EUR")
	if !strings.Contains(e.Warnings.Error(), `deals.csv:3: Amount: 1 amount with a sign that names no one currency, like "$5"`) {
		t.Errorf("warnings:\n%v", e.Warnings)
	}
	f["map.yaml"] = "files:\n  Deals.CSV: {decimal: dot, currency: USD}\n"
	e = told(t, f, Options{})
	want(t, column(t, e, "amount"), "1234", "5", "7")
	want(t, column(t, e, "currency"), "USD", "USD", "EUR")
	if strings.Contains(e.Warnings.Error(), "names no one currency") {
		t.Errorf("warnings:\n%v", e.Warnings)
	}
}

func TestProbabilities(t *testing.T) {
	const head = "Deal ID,Deal Name,Stage,Created,Probability\n"
	for name, c := range map[string]struct{ preset, values, want string }{
		"shares":                     {"csv", "0.2|1|", "0.2|1|-"},
		"a value above 1 tells":      {"csv", "20|1|0.5", "0.2|0.01|0.005"},
		"shares with a comma":        {"csv", "\"0,500\"|\"1,000\"", "0.5|1"},
		"percents with a comma":      {"csv", "\"60,5\"|\"10,5\"", "0.605|0.105"},
		"a sign tells of its own":    {"csv", "20%|\"7 %\"|0%", "0.2|0.07|0"},
		"Salesforce has percents":    {"salesforce-csv", "1|0", "0.01|0"},
		"Pipedrive has percents too": {"pipedrive-csv", "1|0", "0.01|0"},
	} {
		t.Run(name, func(t *testing.T) {
			text := head
			for i, p := range strings.Split(c.values, "|") {
				text += fmt.Sprintf("d%d,Acme,New,2016-10-20,%s\n", i, p)
			}
			want(t, column(t, told(t, files{"d.csv": text}, Options{Preset: c.preset}), "probability"), strings.Split(c.want, "|")...)
		})
	}
	e := told(t, files{"d.csv": head + "d1,Acme,New,2016-10-20,20\n", "map.yaml": "percent: no\n"}, Options{})
	want(t, column(t, e, "probability"), "20") // which the import refuses
}

func TestHowFilesAreWritten(t *testing.T) {
	const row = "d1%[1]sAcme, Inc.%[1]sAda%[1]sNew%[1]s5%[1]s2016-10-20%[1]s\n"
	for name, text := range map[string]string{
		"commas":               plainHead + strings.Replace(fmt.Sprintf(row, ","), "Acme, Inc.", `"Acme, Inc."`, 1),
		"semicolons":           strings.ReplaceAll(plainHead, ",", ";") + fmt.Sprintf(row, ";"),
		"tabs":                 strings.ReplaceAll(plainHead, ",", "\t") + fmt.Sprintf(row, "\t"),
		"a mark and CRLF":      "\xef\xbb\xbf" + strings.ReplaceAll(strings.ReplaceAll(plainHead, ",", ";")+fmt.Sprintf(row, ";"), "\n", "\r\n"),
		"Excel's first line":   "sep=;\n" + strings.ReplaceAll(plainHead, ",", ";") + fmt.Sprintf(row, ";"),
		"headers of odd looks": " DEAL - ID ;deal_name *;\u00a0Owner;STAGE;Amount;created;Close-Date\n" + fmt.Sprintf(row, ";"),
	} {
		t.Run(name, func(t *testing.T) {
			want(t, rows(t, told(t, files{"deals.csv": text}, Options{}), pipeline.Deals),
				"id=d1 name=Acme, Inc. rep_id=Ada amount=5 created_at=2016-10-20T00:00:00Z outcome=open stage=New")
		})
	}
	for name, c := range map[string]struct{ text, what string }{
		"UTF-16":   {"\xff\xfeD\x00", "deals.csv:1: is UTF-16, not UTF-8"},
		"empty":    {"", "deals.csv:1: is empty; its first line has to name the columns"},
		"no deals": {"product,price\nGTX,5\n", "deals.csv: its header is neither that of deals nor of reps"},
		"twice":    {"Deal ID,Stage,Stage,Created\nd1,A,B,2016-10-20\n", "deals.csv:1: Stage: stands twice in the header, and tells stage; rename or drop one of the two"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, faults := open(t, files{"deals.csv": c.text}, Options{}); len(faults) == 0 || !strings.HasPrefix(faults[0].String(), c.what) {
				t.Errorf("\n got %v\nwant %s", faults, c.what)
			}
		})
	}
}

func TestMapsThatCannotBe(t *testing.T) {
	deals := plainHead + "d1,Acme,Ada,New,5,2016-10-20,\n"
	for name, c := range map[string]struct{ mapping, what string }{
		"a column that no file has": {"deals:\n  amount: [Amont]\n", "map.yaml:2:11: deals.amount: no file of deals has such a column; did you mean Amount?"},
		"a key that nobody knows":   {"deals:\n  ammount: [Amount]\n", "map.yaml:2:3: deals.ammount: unknown key; did you mean amount?"},
		"an entry that no file has": {"entered:\n  - {column: Engaged, stage: Engaging}\n", "map.yaml:2:14: entered[0].column: no file of deals has such a column"},
		"a pattern without a stage": {"entered:\n  - {column: Date entered}\n", `map.yaml:2:14: entered[0].column: "Date entered" does not say which part of it is the stage`},
		"a file that is not there":  {"files:\n  deels.csv: {rows: deals}\n", "map.yaml:2:14: files.deels.csv: there is no such file; the files are: deals.csv"},
		"rows that are none":        {"files:\n  deals.csv: {rows: forecast}\n", `map.yaml:2:21: files.deals.csv.rows: "forecast" is not known`},
		"an order that is none":     {"date_order: american\n", `map.yaml:1:13: date_order: "american" is not known`},
		"a zone that is none":       {"time_zone: Berlin\n", `map.yaml:1:12: time_zone: "Berlin" is no time zone`},
		"a day that is none":        {"exported: yesterday\n", "map.yaml:1:11: exported: "},
		"a column taken away":       {"deals:\n  id: []\n  name: []\nfiles: {deals.csv: {rows: deals}}\n", "deals.csv:1: no column of deals tells id or name; name it in the map given by --map; the columns are: Deal ID, Deal Name"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, faults := open(t, files{"deals.csv": deals, "map.yaml": c.mapping}, Options{}); len(faults) != 1 || !strings.HasPrefix(faults[0].String(), c.what) {
				t.Errorf("\n got %v\nwant %s", faults, c.what)
			}
		})
	}
}

func TestAMapNamesColumnsAndStagesItsOwnWay(t *testing.T) {
	e := told(t, files{"extract.csv": "Nr;Kunde;Verkäufer;Status;Betrag;Angelegt am\n7;Acme;Ada;Angebot;1.234,5;20.10.2016\n", "notes.csv": "x,y\n1,2\n",
		"map.yaml": "deals: {id: [Nr], name: [Kunde], rep_id: [verkaeufer, Verkäufer], stage: [Status], outcome: [], amount: [Betrag], created_at: [Angelegt am]}\nrename: {Angebot: Proposal}\n"}, Options{})
	want(t, rows(t, e, pipeline.Deals), "id=7 name=Acme rep_id=Ada amount=1234.5 created_at=2016-10-20T00:00:00Z outcome=open stage=Proposal")
	if !strings.Contains(e.Warnings.Error(), "notes.csv: left alone: its header is neither that of deals") {
		t.Errorf("warnings:\n%v", e.Warnings)
	}
}

func TestPresetNamesAreKeys(t *testing.T) {
	for _, preset := range Presets() {
		data, err := presetFiles.ReadFile("presets/" + preset + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		m := newMapping()
		if faults := m.read(preset, append(data, "\nnonsense: 1\n"...), false); len(faults) != 1 {
			t.Errorf("a preset with an unknown key: %v", faults)
		}
		if _, root := yamlfile.Parse(preset, data, nil); !root.Has("deals") {
			t.Errorf("%s names no deals", preset)
		}
	}
}
