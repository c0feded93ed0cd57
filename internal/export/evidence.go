package export

import "fmt"

// evidence finds out which of two habits a file follows, from what its values allow.
type evidence struct {
	habits  [2]string  // how the map names them
	against [2]witness // the first value that rules the habit out
	unsure  witness    // the first value that means something in either, and not the same
	texts   [2]string  // what it means
}

// witness is a value that decides something.
type witness struct {
	value string
	place Place
}

func (w witness) there() bool { return w.value != "" }

// add takes a value and what it means in either habit, empty where it has no meaning there.
func (e *evidence) add(w witness, texts [2]string) {
	switch {
	case texts[0] == texts[1]: // means the same, or nothing at all, which is said elsewhere
	case texts[0] == "" && !e.against[0].there():
		e.against[0] = w
	case texts[1] == "" && !e.against[1].there():
		e.against[1] = w
	case texts[0] != "" && texts[1] != "" && !e.unsure.there():
		e.unsure, e.texts = w, texts
	}
}

// verdict gives the habit that fits all values; decided by none, it is the first. what and hint say why there is none.
func (e *evidence) verdict() (habit int, by witness, what, hint string) {
	first, second := e.against[0], e.against[1]
	switch {
	case first.there() && second.there():
		late, early, only := first, second, e.habits[0]
		if second.place.Line > first.place.Line {
			late, early, only = second, first, e.habits[1]
		}
		return 0, late, fmt.Sprintf("%q contradicts %q on line %d: they cannot both be read in one way", late.value, early.value, early.place.Line),
			fmt.Sprintf("one file has one way of writing (%s up to here): put right the odd one, or take it into a file of its own", other(e.habits, only))
	case first.there():
		return 1, first, "", ""
	case second.there():
		return 0, second, "", ""
	case e.unsure.there():
		return 0, e.unsure, fmt.Sprintf("%q is %s (%s) or %s (%s), and no other value of the file tells which",
			e.unsure.value, e.texts[0], e.habits[0], e.texts[1], e.habits[1]), ""
	}
	return 0, witness{}, "", ""
}

func other(habits [2]string, one string) string {
	if habits[0] == one {
		return habits[1]
	}
	return habits[0]
}
