package source

import "testing"

func TestHubSpotAsFivetranLeavesIt(t *testing.T) {
	dsn, _ := vendorTables(t, "hubspot")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "hubspot"}), "hubspot")
}
