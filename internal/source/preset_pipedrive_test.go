package source

import "testing"

func TestPipedriveAsDltLeavesIt(t *testing.T) {
	dsn, _ := vendorTables(t, "pipedrive")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "pipedrive"}), "pipedrive")
}
