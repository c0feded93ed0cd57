package export

import (
	"fmt"
	"strings"
	"testing"
)

// With the wrong order set every line is wrong, and one sentence says it.
func TestAnOrderThatDoesNotFit(t *testing.T) {
	text := "Deal ID,Stage,Amount,Created,Close Date\n"
	for i := range 2600 {
		text += fmt.Sprintf("d%d,New,\"1,234.50\",10/%d/2016,%d/5/2016\n", i, 13+i%18, 1+i%12)
	}
	f := files{"deals.csv": text + "d2600,New,5,2/30/2016,20/5/2016\n", "map.yaml": "decimal: comma\n"}
	_, faults := open(t, f, Options{DateOrder: "dmy"})
	want(t, strings.Split(faults.Error(), "\n"),
		`deals.csv:2: Created: 2,600 dates do not fit dmy, which was set for this file, the first "10/13/2016"; mdy fits all of this column`,
		`deals.csv:2: Amount: 2,600 numbers do not fit decimal: comma, which was set for this file, the first "1,234.50"; dot fits all of this column`,
		`deals.csv:2602: Created: "2/30/2016" is no date in the order dmy, which was set for this file`)
	_, faults = open(t, f, Options{DateOrder: "mdy"})
	want(t, strings.Split(faults.Error(), "\n"),
		`deals.csv:2: Amount: 2,600 numbers do not fit decimal: comma, which was set for this file, the first "1,234.50"; dot fits all of this column`,
		`deals.csv:2602: Close Date: 1 date does not fit mdy, which was set for this file, the first "20/5/2016"; dmy fits all of this column`,
		`deals.csv:2602: Created: "2/30/2016" is no date in the order mdy, which was set for this file`)
	_, faults = open(t, files{"deals.csv": "Deal ID,Stage,Created\nd1,New,10/20/2016\nd2,New,20/10/2016\n"}, Options{DateOrder: "mdy"})
	want(t, strings.Split(faults.Error(), "\n"),
		`deals.csv:3: Created: 1 date does not fit mdy, which was set for this file, the first "20/10/2016"; neither does dmy nor mdy fit all of this column: put right the odd ones`)
}

// Whoever mends a file wants to hear of everything at once.
func TestOneFaultHidesNoOther(t *testing.T) {
	_, faults := open(t, files{
		"deals.csv": "Deal ID,Stage,Status,Amount,Created,Probability\nd1,A,Open,\"1,234\",03/04/2016,50 %\nd1,A,Parked,x,03/04/2016,200 %\n,A,Open,5,soon,\nd3,A,Deleted,5,03/04/2016,\nd3,A,Open,5,03/04/2016,\n",
		"more.csv":  "Deal ID,Stage,Created\nd1,A,2016-10-20\n",
		"reps.csv":  "ID,Name,Email\n7,Ada,\n7,Bob,\n",
		"moves.csv": "Deal ID,To Stage,At\nd1,,2016-10-21\nd1,B,\n"}, Options{})
	want(t, strings.Split(faults.Error(), "\n"),
		`deals.csv:2: Created: "03/04/2016" is 3 April 2016 (dmy) or 4 March 2016 (mdy), and no other value of the file tells which; say --date-order dmy or --date-order mdy, or date_order for this file in the map`,
		`deals.csv:2: Amount: "1,234" is 1234 (dot) or 1.234 (comma), and no other value of the file tells which; write decimal: dot or decimal: comma in the map given by --map`,
		`deals.csv:3: Status: "Parked" is no outcome that is known; list it in the map given by --map under outcomes (open, won, lost or ignore), or, if it is a stage, map stage to this column and outcome to []`,
		`deals.csv:3: Amount: "x" is no number; write it like 1234.50`,
		`deals.csv:3: Probability: "200 %" is outside 0 to 100 %`,
		`deals.csv:3: Deal ID: "d1" stands on line 2 already; every row needs its own`,
		`deals.csv:4: Created: "soon" is no date that can be read; write it like 2016-10-20, 10/20/2016 or 20.10.2016 15:45`,
		`deals.csv:4: Deal ID: is empty; every row needs it`,
		`more.csv:2: Deal ID: "d1" stands in deals.csv:2 already; every row needs its own`,
		`moves.csv:2: To Stage: is empty; every row needs it`,
		`moves.csv:3: At: is empty; every row needs it`,
		`reps.csv:3: ID: "7" stands on line 2 already; every row needs its own`)
}

// What is outside is said in the words of the file, not in those of the rows made of it.
func TestAProbabilityThatIsNone(t *testing.T) {
	for value, want := range map[string]string{"200 %": `"200 %" is outside 0 to 100 %`, "-1": `"-1" is outside 0 to 100 %`, "100.5": `"100.5" is outside 0 to 100 %`} {
		deals := "Deal ID,Stage,Created,Probability\nd1,A,2016-10-20,50\nd2,A,2016-10-20," + value + "\n"
		_, faults := open(t, files{"deals.csv": deals}, Options{})
		if len(faults) != 1 || faults[0].String() != "deals.csv:3: Probability: "+want {
			t.Errorf("%s: %v", value, faults)
		}
		expected := "Deal ID,At,Probability\nd1,2016-10-20," + value + "\n"
		_, faults = open(t, files{"deals.csv": "Deal ID,Stage,Created\nd1,A,2016-10-20\n", "expected.csv": expected, "map.yaml": "percent: yes\n"}, Options{})
		if len(faults) != 1 || faults[0].String() != "expected.csv:2: Probability: "+want {
			t.Errorf("%s of a history: %v", value, faults)
		}
	}
}
