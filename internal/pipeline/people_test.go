package pipeline

import (
	"reflect"
	"strings"
	"testing"
)

func TestPeopleOverTheSourcesReps(t *testing.T) {
	source := []Rep{
		{ID: "b", Name: "Bea Lind", Email: "bea@example.com", ManagerID: "m", Team: "North", Active: true},
		{ID: "m", Name: "Mo Falk", Email: "mo@example.com", Active: true, Receives: []string{"manager"}},
	}
	spring := []DateRange{{From: NewDate(2026, 4, 1), To: NewDate(2026, 4, 10)}}
	for name, c := range map[string]struct {
		people []Person
		want   []Rep
	}{
		"nobody changes anything": {nil, source},
		"an empty value overrides nothing": {
			[]Person{{Rep: "b"}}, source,
		},
		"a new address, a leave and another manager": {
			[]Person{{Rep: "b", Email: "b.lind@example.com", Manager: "x", Away: spring, TimeZone: "Europe/Oslo", Locale: "nb"}},
			[]Rep{{ID: "b", Name: "Bea Lind", Email: "b.lind@example.com", ManagerID: "x", Team: "North", Active: true,
				Away: spring, TimeZone: "Europe/Oslo", Locale: "nb"}, source[1]},
		},
		"somebody has left and an importer is no person": {
			[]Person{{Rep: "m", Active: Some(false)}, {Rep: "b", System: Some(true)}},
			[]Rep{{ID: "b", Name: "Bea Lind", Email: "bea@example.com", ManagerID: "m", Team: "North", Active: true, System: true},
				{ID: "m", Name: "Mo Falk", Email: "mo@example.com", Receives: []string{"manager"}}},
		},
		"a person receives nothing": {
			[]Person{{Rep: "m", Receives: []string{}}},
			[]Rep{source[0], {ID: "m", Name: "Mo Falk", Email: "mo@example.com", Active: true, Receives: []string{}}},
		},
		"a director whom the CRM does not know stands in order of id": {
			[]Person{{Rep: "a", Name: "Ada Berg", Email: "ada@example.com", Receives: []string{"admin"}}},
			append([]Rep{{ID: "a", Name: "Ada Berg", Email: "ada@example.com", Active: true, Receives: []string{"admin"}}}, source...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := append([]Rep(nil), source...)
			got, err := Overlay(source, c.people)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if !reflect.DeepEqual(source, before) {
				t.Error("the source's reps were changed")
			}
		})
	}
}

func TestPeopleWhomNobodyKnowsAreAllNamed(t *testing.T) {
	_, err := Overlay([]Rep{{ID: "b"}}, []Person{{Rep: "x", Name: "Xaver"}, {Rep: "b"}, {Rep: "y", Email: "y@example.com"}})
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "x: the source has no such rep") || !strings.Contains(lines[1], "people: y:") {
		t.Errorf("got %q", lines)
	}
}
