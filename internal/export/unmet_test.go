package export

import (
	"strings"
	"testing"
)

// What a map says of stages, states and categories is mostly misspelt where no row has it.
func TestAMapThatSpeaksOfWhatNoRowHas(t *testing.T) {
	f := files{"deals.csv": "Deal ID,Stage,Status,Created,Forecast category\nd1,Angebot,Open,2016-10-20,Sicher\nd2,Abgeschlossen und gewonnen,Open,2016-10-20,\n",
		"history.csv": "Deal ID,From Stage,To Stage,At\nd1,Alt,Angebot,2016-10-21\n",
		"map.yaml": `outcomes:
  won: [Abgeschlossen und gewonen]
  ignore: [Opne, Offer]
rename: {Angebott: Proposal, Angebot: Offer, Alt: Old}
categories: {commit: [Sicherr, Sicher]}
`}
	var got []string
	for _, w := range told(t, f, Options{}).Warnings {
		if w.File == "map.yaml" {
			got = append(got, w.String())
		}
	}
	want(t, got,
		"map.yaml:2:9: outcomes.won[0]: no row has such a stage or state; did you mean Abgeschlossen und gewonnen?",
		"map.yaml:3:12: outcomes.ignore[0]: no row has such a stage or state; did you mean Open?",
		"map.yaml:4:20: rename.Angebott: no row has a stage of this name; did you mean Angebot?",
		"map.yaml:5:23: categories.commit[0]: no row has such a forecast category; did you mean Sicher?")
	f["map.yaml"] = "outcomes: {won: [abgeschlossen  und gewonnen], ignore: [offer]}\nrename: {ANGEBOT: Offer}\ncategories: {commit: [sicher]}\n"
	if got := told(t, f, Options{}).Warnings.Error(); strings.Contains(got, "map.yaml") {
		t.Errorf("all of it is there:\n%s", got)
	}
}

func TestWhatAMapMayMeanIsNotAPageLong(t *testing.T) {
	there := map[string]string{}
	for _, name := range strings.Split("abcdefghijklmnop", "") {
		there[name] = strings.Repeat(name, 9)
	}
	if got := nearest("Signed", there); strings.Count(got, ",") != 11 || !strings.HasSuffix(got, " and 4 more") {
		t.Error(got)
	}
	if got := nearest("aaaaaaaa", there); got != "did you mean aaaaaaaaa?" {
		t.Error(got)
	}
}
