package export

import (
	"fmt"
	"strings"
	"testing"
)

// An export of open deals only, or of won ones only, makes figures that look sound.
func TestAnExportInWhichNothingWasWonOrLost(t *testing.T) {
	for name, c := range map[string]struct{ stages, want string }{
		"no end at all": {"New|New|Offer|Signed|New|New",
			`deals.csv: none of 6 deals counts as won or lost; if that is not so, say under outcomes in the map which stages are an end; the stages of open deals are "New", "Offer", "Signed"`},
		"won only": {"New|Won|Won|Closed - not won|Rejected|New|Rejected",
			`deals.csv: of 7 deals 2 count as won and none as lost; if that is not so, say under outcomes in the map which stages are an end; these sound like one: "Closed - not won", "Rejected"`},
		"lost only": {"Lost|Lost|Lost|Lost|Lost|Lost",
			`deals.csv: of 6 deals 6 count as lost and none as won; if that is not so, say under outcomes in the map which stages are an end; no open deal has a stage: does the export leave some deals out?`},
		"both":      {"Lost|Won|New|New|New|New", ""},
		"a handful": {"New|New|New|New|New", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := plainHead
			for i, stage := range strings.Split(c.stages, "|") {
				text += fmt.Sprintf("d%d,Acme,Ada,%s,,2016-10-20,\n", i, stage)
			}
			warnings := told(t, files{"deals.csv": text, "notes.csv": "x\n"}, Options{}).Warnings
			if asked := strings.Contains(warnings.Error(), "if that is not so"); asked != (c.want != "") || asked && warnings[0].String() != c.want {
				t.Errorf("\n got %v\nwant first %s", warnings, c.want)
			}
		})
	}
}
