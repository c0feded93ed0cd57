package schedule

import (
	_ "embed"
	"strings"
)

//go:embed zones.txt
var zoneNames string // every name of the tzdata that this Go carries

// Zones lists the names of time zones, sorted: what can be meant by one that does not exist. A system's own tzdata may
// know more.
func Zones() []string { return strings.Fields(zoneNames) }
