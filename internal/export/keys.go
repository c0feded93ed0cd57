package export

import (
	"fmt"

	"drumbeat/internal/pipeline"
)

// checkKeys names, where an export has other faults, the ids that stand twice and what is empty and must not be: an
// import that got as far as that would only find them next time.
func (e *Export) checkKeys() {
	for _, rows := range kinds {
		seen := map[string]Place{}
		for _, f := range e.filesOf(rows) {
			switch {
			case f.cut:
			case rows == pipeline.Deals && f.has("id"):
				var d deal
				e.eachOf(f, func(r record) {
					if f.readDeal(r, &d); !d.ignored {
						e.key(seen, r)
					}
				})
			case rows == pipeline.Reps && f.has("id"):
				e.eachOf(f, func(r record) { e.key(seen, r) })
			case rows == pipeline.StageChanges:
				e.eachOf(f, func(r record) { e.filled(r, "stage", "at") })
			case rows == pipeline.Forecasts:
				e.eachOf(f, func(r record) { e.filled(r, "at") })
			}
		}
	}
}

// key refuses an id that is empty or stands twice.
func (e *Export) key(seen map[string]Place, r record) {
	id, at := r.get("id"), r.place("id")
	first, twice := seen[id]
	switch {
	case id == "":
		e.filled(r, "id")
	case !twice:
		seen[id] = at
	case first.File == at.File:
		e.fault(at, fmt.Sprintf("%q stands on line %d already", id, first.Line), "every row needs its own")
	default:
		e.fault(at, fmt.Sprintf("%q stands in %s:%d already", id, first.File, first.Line), "every row needs its own")
	}
}

// filled refuses values that are empty.
func (e *Export) filled(r record, keys ...string) {
	for _, key := range keys {
		if r.get(key) == "" {
			e.fault(r.place(key), "is empty", "every row needs it")
		}
	}
}
