package export

import (
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

const hubspot = "\xef\xbb\xbf" + `"Record ID","Deal Name","Deal Stage","Pipeline","Amount","Currency","Create Date","Close Date","Deal owner","Deal probability","Forecast category","Closed Lost Reason","Date entered ""Qualified (Sales)""","Date entered ""Contract (signed) (Sales)""","Date entered ""Closed won (Sales)"""
101,Acme,Qualified (Sales),Sales,"12,000.50",EUR,2026-01-05 09:30,2026-03-31 10:00,Ada Lovelace,0.2,Best case,,2026-01-05 09:30,,
102,Bolt,Closed won (Sales),Sales,"9,000",EUR,2026-01-06 10:00,2026-02-01 16:00,Ada  lovelace,1.0,Closed won,,2026-01-06 10:00,2026-01-06 10:00,2026-02-01 16:00
103,Cask,Closed lost (Sales),Sales,,EUR,2026-01-06 10:00,2026-02-02 16:00,bob@example.com,0.0,Not forecasted,price,2026-01-20 08:00,2026-01-06 10:00,
`

func TestHubSpot(t *testing.T) {
	e := told(t, files{"deals.csv": hubspot, "team.csv": "Name;E-Mail;Manager;Time zone\nAda Lovelace;ada@example.com;Grace Hopper;Europe/Berlin\nBob Byte;BOB@example.com;ADA@example.com;\n"},
		Options{Preset: "hubspot-csv"})
	want(t, rows(t, e, pipeline.Deals),
		"id=101 name=Acme rep_id=Ada Lovelace pipeline=Sales amount=12000.5 currency=EUR created_at=2026-01-05T09:30:00Z outcome=open stage=Qualified expected_close=2026-03-31 probability=0.2 forecast_category=best_case",
		"id=102 name=Bolt rep_id=Ada Lovelace pipeline=Sales amount=9000 currency=EUR created_at=2026-01-06T10:00:00Z closed_at=2026-02-01T16:00:00Z outcome=won stage=Closed won probability=1",
		"id=103 name=Cask rep_id=Bob Byte pipeline=Sales currency=EUR created_at=2026-01-06T10:00:00Z closed_at=2026-02-02T16:00:00Z outcome=lost stage=Closed lost probability=0 forecast_category=omitted loss_reason=price")
	// No seq: of two dates of entry at one instant the process knows the order, and the header's may be by name.
	want(t, rows(t, e, pipeline.StageChanges),
		"deal_id=101 stage=Qualified at=2026-01-05T09:30:00Z",
		"deal_id=102 stage=Qualified at=2026-01-06T10:00:00Z",
		"deal_id=102 stage=Contract (signed) at=2026-01-06T10:00:00Z",
		"deal_id=102 stage=Closed won at=2026-02-01T16:00:00Z",
		"deal_id=103 stage=Contract (signed) at=2026-01-06T10:00:00Z",
		"deal_id=103 stage=Qualified at=2026-01-20T08:00:00Z")
	want(t, rows(t, e, pipeline.Reps),
		"id=Ada Lovelace name=Ada Lovelace email=ada@example.com manager_id=Grace Hopper time_zone=Europe/Berlin",
		"id=Bob Byte name=Bob Byte email=BOB@example.com manager_id=Ada Lovelace",
		"id=Grace Hopper name=Grace Hopper")
	if limits := strings.Join(e.Limits(), "\n"); !strings.Contains(limits, "there is one date for each stage") || strings.Contains(limits, "no date of entry into") {
		t.Errorf("limits:\n%s", limits)
	}
}

const (
	salesforce = `"Opportunity ID","Opportunity Name","Opportunity Owner","Stage","Amount","Close Date","Created Date","Probability (%)","Forecast Category","Closed","Won","Last Modified Date"
"006xx000001SvXa","Acme","Ada Lovelace","Prospecting","USD 10,000.00","3/31/2026","1/5/2026","10%","Pipeline","0","0","1/30/2026"
"006xx000001SvXb","Bolt","Ada Lovelace","Closed Won","USD 5,000.00","2/1/2026","1/6/2026","100%","Closed","1","1","2/1/2026"
"006xx000001SvXc","Cask","Bob Byte","Closed Lost","USD 7,000.00","2/13/2026","1/6/2026","0%","Omitted","1","0","2/13/2026"
`
	historyHead = `"Opportunity ID","Opportunity Name","From Stage","To Stage","Amount","Last Modified","Last Modified By"` + "\n"
)

// The report of opportunities has a day of closing only, and the history the instant.
func TestSalesforceWithItsHistory(t *testing.T) {
	newest := []string{
		`"006xx000001SvXbAAA","Bolt","Proposal","Closed Won","5000","2/1/2026 3:45 PM","Ada Lovelace"`,
		`"006xx000001SvXbAAA","Bolt","Proposal","Proposal","5000","1/25/2026 3:45 PM","Ada Lovelace"`,
		`"006xx000001SvXbAAA","Bolt","Prospecting","Proposal","4000","1/20/2026 3:45 PM","Importer"`,
		`"006xx000001SvXcAAA","Cask","Prospecting","Closed Lost","7000","2/13/2026 1:00 PM","Bob Byte"`,
	}
	oldest := []string{newest[2], newest[1], newest[0], newest[3]}
	for name, c := range map[string]struct {
		rows []string
		want []string
	}{
		"newest first, its sequence backwards": {newest, []string{
			"deal_id=006xx000001SvXb stage=Closed Won at=2026-02-01T15:45:00Z rep_id=Ada Lovelace seq=-1",
			"deal_id=006xx000001SvXb stage=Proposal at=2026-01-20T15:45:00Z rep_id=Importer seq=-2",
			"deal_id=006xx000001SvXc stage=Closed Lost at=2026-02-13T13:00:00Z rep_id=Bob Byte seq=-3",
			"deal_id=006xx000001SvXb stage=Prospecting at=2026-01-06T00:00:00Z seq=-4",
			"deal_id=006xx000001SvXc stage=Prospecting at=2026-01-06T00:00:00Z seq=-5"}},
		"oldest first": {oldest, []string{
			"deal_id=006xx000001SvXb stage=Prospecting at=2026-01-06T00:00:00Z seq=1",
			"deal_id=006xx000001SvXb stage=Proposal at=2026-01-20T15:45:00Z rep_id=Importer seq=2",
			"deal_id=006xx000001SvXb stage=Closed Won at=2026-02-01T15:45:00Z rep_id=Ada Lovelace seq=3",
			"deal_id=006xx000001SvXc stage=Prospecting at=2026-01-06T00:00:00Z seq=4",
			"deal_id=006xx000001SvXc stage=Closed Lost at=2026-02-13T13:00:00Z rep_id=Bob Byte seq=5"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := told(t, files{"report.csv": salesforce, "history.csv": historyHead + strings.Join(c.rows, "\n") + "\n"}, Options{Preset: "salesforce-csv"})
			want(t, rows(t, e, pipeline.StageChanges), c.want...)
			want(t, rows(t, e, pipeline.Deals),
				"id=006xx000001SvXa name=Acme rep_id=Ada Lovelace amount=10000 currency=USD created_at=2026-01-05T00:00:00Z outcome=open stage=Prospecting expected_close=2026-03-31 probability=0.1 forecast_category=pipeline",
				"id=006xx000001SvXb name=Bolt rep_id=Ada Lovelace amount=5000 currency=USD created_at=2026-01-06T00:00:00Z closed_at=2026-02-01T15:45:00Z outcome=won stage=Closed Won probability=1",
				"id=006xx000001SvXc name=Cask rep_id=Bob Byte amount=7000 currency=USD created_at=2026-01-06T00:00:00Z closed_at=2026-02-13T13:00:00Z outcome=lost stage=Closed Lost probability=0 forecast_category=omitted")
			if got := e.Warnings.Error(); !strings.Contains(got, `Last Modified By: added as reps, being in no file of them: 1 mover, the first "Importer"`) {
				t.Errorf("warnings:\n%s", got)
			}
		})
	}
}

// Where the deal is younger than its history, nobody knows since when it was in its first stage; and a row in which only
// the amount changed is no move.
func TestAHistoryThatIsOlderThanItsDeal(t *testing.T) {
	e := told(t, files{"deals.csv": plainHead + "d1,Acme,Ada,B,,2016-10-10,\nd2,Bolt,Ada,B,,2016-10-10,\n",
		"history.csv": "Opportunity ID,From Stage,To Stage,At\nd1,A,B,2016-10-01\nd2,B,B,2016-10-01\n"}, Options{})
	want(t, rows(t, e, pipeline.StageChanges), "deal_id=d1 stage=B at=2016-10-01T00:00:00Z seq=1")
}

// Reports of Salesforce have ids of 15 letters, other exports of 18.
func TestIDsThatReportsShorten(t *testing.T) {
	const history = "Opportunity ID,To Stage,At\n"
	long, short := "006xx000001SvXaAAK", "006xx000001SvXa"
	for deal, inHistory := range map[string]string{long: short, short: long} {
		e := told(t, files{"deals.csv": plainHead + deal + ",Acme,Ada,B,,2016-10-10,\n", "history.csv": history + inHistory + ",B,2016-10-11\n"}, Options{})
		want(t, rows(t, e, pipeline.StageChanges), "deal_id="+deal+" stage=B at=2016-10-11T00:00:00Z seq=1")
	}
}

// A history without the stage before says the same stage again where something else changed.
func TestAHistoryWithoutTheStageBefore(t *testing.T) {
	const head = "deal,to_stage,at\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"oldest first": {head + "d1,A,2016-10-01\nd1,a,2016-10-02\nd1,B,2016-10-03\nd1,A,2016-10-04\n", []string{"A 01 1", "B 03 2", "A 04 3"}},
		"newest first": {head + "d1,A,2016-10-04\nd1,B,2016-10-03\nd1,A,2016-10-02\nd1,A,2016-10-01\n", []string{"A 04 -1", "B 03 -2", "A 01 -3"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := told(t, files{"deals.csv": plainHead + "d1,Acme,Ada,A,,2016-10-01,\n", "history.csv": c.text}, Options{})
			var got []string
			for _, line := range rows(t, e, pipeline.StageChanges) {
				line = strings.NewReplacer("deal_id=d1 stage=", "", "at=2016-10-", "", "T00:00:00Z seq=", " ").Replace(line)
				got = append(got, line)
			}
			want(t, got, c.want...)
		})
	}
}

func TestAHistoryThatNamesDeals(t *testing.T) {
	deals := plainHead + "d1,Acme,Ada,A,,2016-10-01,\nd2,Bolt,Ada,A,,2016-10-01,\nd3,bolt,Ada,A,,2016-10-01,\n"
	e := told(t, files{"deals.csv": deals, "history.csv": "deal name,to stage,at\nACME,A,2016-10-01\n"}, Options{})
	want(t, rows(t, e, pipeline.StageChanges), "deal_id=d1 stage=A at=2016-10-01T00:00:00Z seq=1")
	_, faults := open(t, files{"deals.csv": deals, "history.csv": "deal name,to stage,at\nBolt,A,2016-10-01\n"}, Options{})
	if len(faults) != 1 || faults[0].String() != `history.csv:2: deal name: "Bolt" is the name of two deals; export the deal's id here, too` {
		t.Errorf("two of one name: %v", faults)
	}
}

const pipedrive = `Deal - ID;Deal - Title *;Deal - Owner;Deal - Stage (pipeline);Deal - Value;Deal - Currency of value;Deal - Deal created;Deal - Won time;Deal - Lost time;Deal - Deal closed on;Deal - Status;Deal - Expected close date;Deal - Probability;Deal - Lost reason;Person - Name
1;Acme;Ada Lovelace;Qualified (Partner);1.234,50;EUR;2026-01-05 09:30:00;;;;Open;2026-03-31;60;;Zoe
2;Bolt;Ada Lovelace;Proposal (Partner);500;EUR;2026-01-05 09:30:00;2026-02-01 10:00:00;;2026-02-02 10:00:00;Won;2026-03-31;100;;Zoe
3;Cask;Ada Lovelace;Proposal (Partner);500;EUR;2026-01-05 09:30:00;;2026-02-03 10:00:00;2026-02-04 10:00:00;Lost;2026-03-31;;too dear;Zoe
4;Dead;Ada Lovelace;Proposal (Partner);500;EUR;2026-01-05 09:30:00;;;;Deleted;2026-03-31;0;;Zoe
`

func TestPipedrive(t *testing.T) {
	e := told(t, files{"deals.csv": pipedrive, "activities.csv": "\"Activity - ID\",\"Activity - Type\",\"Activity - Deal\",\"Activity - Due date\",\"Activity - Marked as done time\"\n" +
		"1,Call,Acme,2026-01-10,2026-01-10 10:00:00\n2,Meeting,Acme,2026-05-10,\n3,Call,,2026-01-10,2026-01-10 10:00:00\n"}, Options{Preset: "pipedrive-csv"})
	want(t, rows(t, e, pipeline.Deals),
		"id=1 name=Acme rep_id=Ada Lovelace pipeline=Partner amount=1234.5 currency=EUR created_at=2026-01-05T09:30:00Z outcome=open stage=Qualified expected_close=2026-03-31 probability=0.6",
		"id=2 name=Bolt rep_id=Ada Lovelace pipeline=Partner amount=500 currency=EUR created_at=2026-01-05T09:30:00Z closed_at=2026-02-01T10:00:00Z outcome=won stage=Proposal expected_close=2026-03-31 probability=1",
		"id=3 name=Cask rep_id=Ada Lovelace pipeline=Partner amount=500 currency=EUR created_at=2026-01-05T09:30:00Z closed_at=2026-02-03T10:00:00Z outcome=lost stage=Proposal expected_close=2026-03-31 loss_reason=too dear")
	// What is still to be done is no activity, and one of no deal says nothing here.
	want(t, rows(t, e, pipeline.Activities), "deal_id=1 at=2026-01-10T10:00:00Z kind=call")
	if got := e.Warnings.Error(); !strings.Contains(got, "deals.csv:5: Deal - Stage (pipeline): left out as deleted, or as the map says: 1 deal") {
		t.Errorf("warnings:\n%s", got)
	}
}

func TestAColumnOfEntryByTheMap(t *testing.T) {
	f := files{"deals.csv": "Deal ID,Stage,Engage Date,Close Date\nd1,Engaging,10/20/2016,\nd2,Won,10/21/2016,10/30/2016\nd3,Prospecting,,\n",
		"map.yaml": "entered:\n  - {column: engage date, stage: Engaging}\n"}
	e := told(t, f, Options{})
	want(t, rows(t, e, pipeline.StageChanges), "deal_id=d1 stage=Engaging at=2016-10-20T00:00:00Z", "deal_id=d2 stage=Engaging at=2016-10-21T00:00:00Z")
	want(t, column(t, e, "created_at"), "2016-10-20T00:00:00Z", "2016-10-21T00:00:00Z", "2016-10-30T00:00:00Z")
	f["map.yaml"] += "deals: {created_at: []}\n" // then a deal counts from its first known day
	want(t, column(t, told(t, f, Options{}), "created_at"), "2016-10-20T00:00:00Z", "2016-10-21T00:00:00Z", "2016-10-30T00:00:00Z")
	if limits := strings.Join(e.Limits(), "\n"); !strings.Contains(limits, "no date of entry into Prospecting: nobody sees") {
		t.Errorf("limits:\n%s", limits)
	}
}

func TestColumnsOfBuyerEvidence(t *testing.T) {
	f := files{"deals.csv": "Deal ID,Stage,Created,NDA signed on,Budget shown\nd1,A,2016-10-20,2016-10-25,\nd2,A,2016-10-20,2016-10-26,2016-10-27\n",
		"map.yaml": "criteria:\n  - {column: nda signed on, criterion: nda}\n  - {column: Budget shown, criterion: budget}\n"}
	e := told(t, f, Options{})
	want(t, rows(t, e, pipeline.Criteria), "deal_id=d1 criterion=nda met_at=2016-10-25T00:00:00Z",
		"deal_id=d2 criterion=nda met_at=2016-10-26T00:00:00Z", "deal_id=d2 criterion=budget met_at=2016-10-27T00:00:00Z")
	f["map.yaml"] = "criteria: [{column: NDA signed, criterion: nda}]\n"
	_, faults := open(t, f, Options{})
	if len(faults) != 1 || faults[0].String() != "map.yaml:1:21: criteria[0].column: no file of deals has such a column; did you mean NDA signed on?" {
		t.Errorf("a column that no file has: %v", faults)
	}
}

func TestAHistoryOfWhatWasExpected(t *testing.T) {
	f := files{"deals.csv": plainHead + "d1,Acme,Ada,A,,2016-10-01,\n",
		"expected.csv": "Deal Name;Changed at;Close date;Amount;Probability;Forecast category\nAcme;20.10.2016 15:00;31.12.2016;1.000,50;60 %;Best Case\nAcme;21.10.2016;;;70;Closed\n"}
	e := told(t, f, Options{})
	want(t, rows(t, e, pipeline.Forecasts), "deal_id=d1 at=2016-10-20T15:00:00Z expected_close=2016-12-31 amount=1000.5 probability=0.6 category=best_case",
		"deal_id=d1 at=2016-10-21T00:00:00Z probability=0.7")
	f["expected.csv"] = "Deal Name,Changed at,Amount\nAcme,soon,much\n"
	_, faults := open(t, f, Options{})
	want(t, strings.Split(faults.Error(), "\n"), `expected.csv:2: Changed at: "soon" is no date that can be read; write it like 2016-10-20, 10/20/2016 or 20.10.2016 15:45`,
		`expected.csv:2: Amount: "much" is no number; write it like 1234.50`)
}

func TestReps(t *testing.T) {
	deals := "Deal ID,Owner,Stage,Created\nd1,ada  LOVELACE,A,2016-10-20\nd2,Bob,A,2016-10-20\nd3,cy@example.com,A,2016-10-20\n"
	for name, c := range map[string]struct {
		reps  string
		reps2 []string
		deals []string
		what  string
	}{
		"of no file": {"", []string{"id=ada LOVELACE name=ada LOVELACE", "id=Bob name=Bob", "id=cy@example.com name=cy@example.com email=cy@example.com"}, []string{"ada LOVELACE", "Bob", "cy@example.com"}, ""},
		"by id, name and address": {"ID,First Name,Last Name,Email,Manager\n7,Ada,Lovelace,,Bob\n8,Bob,,bob@example.com,\n9,Cy,Young,CY@example.com,7\n",
			[]string{"id=7 name=Ada Lovelace manager_id=8", "id=8 name=Bob email=bob@example.com", "id=9 name=Cy Young email=CY@example.com manager_id=7"}, []string{"7", "8", "9"}, ""},
		"two of one name, told apart by address": {"Name,Email,Team\nDi,di@a.example,X\nDi,di@b.example,Y\n", []string{"id=di@a.example name=Di email=di@a.example team=X", "id=di@b.example name=Di email=di@b.example team=Y",
			"id=ada LOVELACE name=ada LOVELACE", "id=Bob name=Bob", "id=cy@example.com name=cy@example.com email=cy@example.com"}, []string{"ada LOVELACE", "Bob", "cy@example.com"}, ""},
		"two of one name, told apart by nothing": {"Name,Team\nDi,X\nDI,Y\n", nil, nil, `reps.csv:3: Name: "DI" stands on line 2 already: two reps of one name can be told apart by nothing here; drop one line`},
		"two of one name, of which one owns":     {"ID,Name,Team\n1,Bob,X\n2,bob,Y\n", nil, nil, `deals.csv:3: Owner: "Bob" is the name of two reps, on lines 2 and 3 of reps.csv; export the owner's e-mail`},
	} {
		t.Run(name, func(t *testing.T) {
			f := files{"deals.csv": deals}
			if c.reps != "" {
				f["reps.csv"] = c.reps
			}
			e, faults := open(t, f, Options{})
			if c.what != "" {
				if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), c.what) {
					t.Fatalf("\n got %v\nwant %s", faults, c.what)
				}
				return
			}
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			want(t, rows(t, e, pipeline.Reps), c.reps2...)
			var owners []string
			for _, line := range rows(t, e, pipeline.Deals) {
				_, rest, _ := strings.Cut(line, "rep_id=")
				owner, _, _ := strings.Cut(rest, " created_at=")
				owners = append(owners, owner)
			}
			want(t, owners, c.deals...)
		})
	}
}

// A list of contacts has names and addresses, like one of reps: nobody wants a digest to go to a customer.
func TestContactsAreNoReps(t *testing.T) {
	f := files{"deals.csv": "Deal ID,Owner,Stage,Created\nd1,Ada,A,2016-10-20\n", "contacts.csv": "Name,Email\nZoe,zoe@customer.example\nYan,yan@customer.example\nAda,ada@example.com\n"}
	e := told(t, f, Options{})
	want(t, rows(t, e, pipeline.Reps), "id=Ada name=Ada email=ada@example.com")
	if got := e.Warnings.Error(); !strings.Contains(got, "contacts.csv: 2 of 3 people own no deal and are left out; if this is the list of reps, say so in the map: files: {contacts.csv: {rows: reps}}") {
		t.Errorf("warnings:\n%s", got)
	}
	f["map.yaml"] = "files: {contacts.csv: {rows: reps}}\n"
	if got := rows(t, told(t, f, Options{}), pipeline.Reps); len(got) != 3 {
		t.Errorf("reps by the map: %v", got)
	}
	f["map.yaml"] = "files: {contacts.csv: {rows: none}}\n"
	want(t, rows(t, told(t, f, Options{}), pipeline.Reps), "id=Ada name=Ada")
}

// Two exports, of a pipeline each, are one.
func TestSeveralFilesOfDeals(t *testing.T) {
	e := told(t, files{"a.csv": plainHead + "d1,Acme,Ada,A,\"1,234.5\",10/20/2016,\n", "b.csv": "ID;Title;Stage;Value;Created\nd2;Bolt;A;1.234,5;20.10.2016\n"}, Options{})
	want(t, rows(t, e, pipeline.Deals), "id=d1 name=Acme rep_id=Ada amount=1234.5 created_at=2016-10-20T00:00:00Z outcome=open stage=A",
		"id=d2 name=Bolt amount=1234.5 created_at=2016-10-20T00:00:00Z outcome=open stage=A")
}

// The preview is what a newcomer reads before anything is written.
func TestThePreviewSaysHowEverythingWasUnderstood(t *testing.T) {
	e := told(t, files{"deals.csv": pipedrive}, Options{Preset: "pipedrive-csv", TimeZone: "Europe/Berlin"})
	var text strings.Builder
	if err := e.Preview(&text, true); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"deals.csv: 4 rows of deals\n",
		"fields separated by semicolons; dates year first (ymd), since line 2 has \"2026-01-05 09:30:00\"; times without a zone are of Europe/Berlin; decimals after a comma, since line 2 has \"1.234,50\"; probabilities in percent",
		"  rep_id             <- Deal - Owner\n",
		"  pipeline           <- Deal - Stage (pipeline) (the part in brackets)\n",
		"  closed_at          <- Deal - Won time (of won deals), Deal - Lost time (of lost deals), Deal - Deal closed on (of closed deals)\n",
		"  forecast_category  -\n",
		"  not used:          Person - Name\n",
		"Proposal                     won             1  Deal - Status\n",
		"the first rows of deals, as they would be written:\n  id=1  name=Acme  rep_id=Ada Lovelace  pipeline=Partner  amount=1234.5",
	} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in\n%s", part, text.String())
		}
	}
	var short strings.Builder
	if err := e.Preview(&short, false); err != nil || strings.Count(short.String(), "\n") != 2 {
		t.Errorf("%v, in short:\n%s", err, short.String())
	}
}

func TestATimeZoneAsSalesforceWritesIt(t *testing.T) {
	reps := "Name,Email,Time Zone\n"
	for i, zone := range []string{"(GMT+01:00) Central European Standard Time (Europe/Berlin)", "Europe/Paris", "(GMT+01:00) Paris", "Standard Time (Local)", "Mitte (  America/New_York )"} {
		reps += strings.Repeat("A", i+1) + ",," + zone + "\n"
	}
	var zones []string
	for _, line := range rows(t, told(t, files{"reps.csv": reps, "deals.csv": plainHead + "d1,Acme,,A,,2016-10-20,\n"}, Options{}), pipeline.Reps) {
		_, zone, _ := strings.Cut(line, "time_zone=")
		zones = append(zones, zone)
	}
	want(t, zones, "Europe/Berlin", "Europe/Paris", "(GMT+01:00) Paris", "Standard Time (Local)", "America/New_York")
}
