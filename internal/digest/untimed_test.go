package digest_test

import (
	"strings"
	"testing"
)

// A CRM that keeps no history of stages says where deals are and not since when: nobody is told that none of them stands
// still, and nobody is asked why nothing moved.
func TestWithoutAHistoryOfStagesNothingIsSaidOfTime(t *testing.T) {
	for _, name := range []string{"manager-untimed", "rep-untimed"} {
		d := built(t, story(t, name))
		all := plainly(said(d))
		for _, claim := range []string{"stands still", "stand still", "within its usual time", "moved no deal", "quiet week", "no stage history"} {
			if strings.Contains(all, claim) {
				t.Errorf("%s: %q is said in\n%s", name, claim, all)
			}
		}
		if len(d.Care) != 1 || !strings.HasPrefix(d.Care[0], "The data have no history of stages.") {
			t.Errorf("%s: care %q", name, d.Care)
		}
		if d.Team != nil {
			for _, row := range d.Team.Table.Rows {
				if row.Stalled != "unknown" && row.Stalled != "none open" {
					t.Errorf("%s: %s stand still", row.Rep.Name, row.Stalled)
				}
			}
		}
	}
	in := story(t, "manager-untimed")
	in.Report.Sources.Activities.OK = true
	if all := plainly(said(built(t, in))); !strings.Contains(all, "Nothing was entered in the week on the open deals of") {
		t.Error("activities would have been seen, and nobody is asked about them")
	}
}
