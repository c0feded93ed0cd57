package schedule

import (
	"strings"
	"testing"
)

func TestWhatIsMeantByASpecThatIsNone(t *testing.T) {
	for spec, want := range map[string]string{
		"0 30 6 * * 1": `has 6 fields, not 5; without seconds it reads "30 6 * * 1"`,
		"06:05":        `has 1 field, not 5; every day at that time is "5 6 * * *"`,
		"26:05":        "has 1 field, not 5; write minute, hour",
		"@weekly":      `write its five fields: "0 0 * * 0"`,
		"@reboot":      `write five fields, such as "0 7 * * 1"`,
		"30 6 * * 7":   "is not understood; Sunday is 0: write numbers from 0 (Sunday)",
		"0 24 * * 1":   "is not understood; midnight is 0: write",
		"0 6 * * 5-1":  "is not understood; a range goes upwards: write",
		"0 6 L * *":    "last days and third Mondays have no name here",
		"0 6 * * 1#3":  "last days and third Mondays have no name here",
		"0 6 * * Wedn": "is not understood; write numbers",
		"0 6 * Julu *": "is not understood; write numbers",
	} {
		_, err := Parse(spec)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	for _, spec := range []string{"0 0 * * *", "0 0 * * 0", "0 0 1 * *", "0 0 1 1 *", "0 * * * *"} {
		if _, err := Parse(spec); err != nil {
			t.Errorf("a hint of ours: %v", err)
		}
	}
}
