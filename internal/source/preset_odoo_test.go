package source

import "testing"

func TestOdooInItsOwnDatabase(t *testing.T) {
	dsn, _ := vendorTables(t, "odoo")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "odoo"}), "odoo")
}
