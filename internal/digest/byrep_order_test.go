package digest

import (
	"fmt"
	"testing"
)

func TestWhatIsTheMembersKeepsTheReportsOrder(t *testing.T) {
	all, places := []string{"a", "b", "c", "d", "e"}, map[string][]int{"x": {0, 3}, "y": {1, 4}, "z": {2}}
	for range 50 { // maps have none
		if got := fmt.Sprint(of(all, places, map[string]bool{"y": true, "x": true, "nobody": true})); got != "[a b d e]" {
			t.Fatal(got)
		}
	}
}
