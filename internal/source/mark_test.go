package source

import "testing"

func TestAMarkInACommentOrALiteralIsNone(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT * FROM {preset} AS d":                                "SELECT * FROM (x) AS d",
		"SELECT * FROM {preset} AS d -- on top of {preset}\nWHERE d": "SELECT * FROM (x) AS d -- on top of {preset}\nWHERE d",
		"/* {preset}\n */ SELECT '{preset}', \"{preset}\" FROM t":    "/* {preset}\n */ SELECT '{preset}', \"{preset}\" FROM t",
		"SELECT 'it''s {preset}' FROM {preset} AS d":                 "SELECT 'it''s {preset}' FROM (x) AS d",
		"SELECT '{a,b}'::text[]":                                     "SELECT '{a,b}'::text[]",
	} {
		if got := withPreset(query, "(x)"); got != want {
			t.Errorf("%q: %q", query, got)
		}
		if usesPreset(query) != (want != query) {
			t.Errorf("%q: uses it: %v", query, usesPreset(query))
		}
	}
}
