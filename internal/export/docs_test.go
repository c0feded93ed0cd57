package export

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// The map of the documentation is one that works, and what it lists is what a map can say.
func TestTheMapOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "exports.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/exports.md has no map")
	}
	e := told(t, files{
		"map.yaml":       example,
		"sales_2017.csv": "Opportunity No;Title;Milestone;Owner;Value;engage_date;Close Date;Why we lost;Reached Angebot;Budget confirmed on;Forecast\n1;Acme;Signed;Ada;1.234;03/04/2017;05/06/2017;;04/04/2017;05/04/2017;Sure\n2;Bolt;Test;Ada;1;03/04/2017;;;;;\n",
		"people.csv":     "Consultant,E-mail\nAda,ada@example.com\n",
		"prices.csv":     "product,price\n",
		"moves.csv":      "Deal ID,New milestone,At\n1,Angebot,2017-04-05\n",
	}, Options{})
	want(t, rows(t, e, pipeline.Deals), "id=1 name=Acme rep_id=Ada amount=1234 currency=EUR created_at=2017-04-02T22:00:00Z closed_at=2017-06-04T22:00:00Z outcome=won stage=Signed forecast_category=commit")
	want(t, rows(t, e, pipeline.StageChanges), "deal_id=1 stage=Proposal at=2017-04-04T22:00:00Z seq=1")
	want(t, rows(t, e, pipeline.Criteria), "deal_id=1 criterion=budget met_at=2017-04-04T22:00:00Z")
	for kind, names := range keys {
		for _, key := range names {
			if !strings.Contains(string(page), "`"+key+"`") {
				t.Errorf("docs/exports.md does not say that %s can tell %s", kind, key)
			}
		}
	}
	for _, preset := range Presets() {
		if !strings.Contains(string(page), "| `"+preset+"` |") {
			t.Errorf("docs/exports.md does not name the preset %s", preset)
		}
	}
}
