package export

import (
	"strings"

	"drumbeat/internal/pipeline"
)

// parties are the words for who did something; any other says nothing about it.
var parties = map[string]string{"buyer": "buyer", "customer": "buyer", "client": "buyer", "inbound": "buyer", "incoming": "buyer",
	"seller": "seller", "us": "seller", "outbound": "seller", "outgoing": "seller"}

// lookAtActivities names the dates that cannot be read.
func (e *Export) lookAtActivities(f *file) {
	e.eachOf(f, func(r record) {
		if r.get("at") != "" { // one that is planned and not done yet has none
			e.dealOf(r)
			e.time(r, "at")
		}
	})
}

// activitiesTable hands over what was done; what is still to be done is left out.
func (e *Export) activitiesTable() (Table, bool) {
	files := e.filesOf(pipeline.Activities)
	if len(files) == 0 {
		return Table{}, false
	}
	t := Table{Rows: pipeline.Activities, Name: names(files), Columns: []string{"deal_id", "at", "kind"}}
	for _, f := range files {
		if f.has("party") {
			t.Columns = []string{"deal_id", "at", "kind", "party"}
		}
	}
	t.Each = func(yield func(Row) error) error {
		return eachRow(files, func(f *file, r record) error {
			at, done := f.momentOf(r.get("at")) // what is not readable is a fault already
			id, key, _ := e.deals.id(r)
			if !done || id == "" {
				return nil // planned, or of no deal
			}
			keys := []string{key, "at", "kind", "party"}
			values := []string{id, canonicalInstant(at), strings.ToLower(r.get("kind")), parties[strings.ToLower(r.get("party"))]}
			return yield(Row{Values: values[:len(t.Columns)], Place: func(i int) Place { return r.place(keys[i]) }})
		})
	}
	return t, true
}
