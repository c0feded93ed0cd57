package schedule

import (
	"fmt"
	"regexp"
	"strings"
)

// What people mean by specs that are none: the hints of Parse.

// spelled gives the fields that a descriptor stands for.
func spelled(descriptor string) string {
	specs := map[string]string{"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *"}
	if spec := specs[strings.ToLower(descriptor)]; spec != "" {
		return fmt.Sprintf("write its five fields: %q", spec)
	}
	return `write five fields, such as "0 7 * * 1" for Mondays at 07:00`
}

func count(fields int) string {
	if fields == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", fields)
}

var timeOfDay = regexp.MustCompile(`^(?:[01]?[0-9]|2[0-3]):[0-5][0-9]$`)

// fiveOf says how to come from a wrong number of fields to five.
func fiveOf(parts []string) string {
	if len(parts) == 6 {
		if _, err := parse(strings.Join(parts[1:], " ")); err == nil {
			return fmt.Sprintf("without seconds it reads %q", strings.Join(parts[1:], " "))
		}
	}
	var hour, minute int
	if n, err := fmt.Sscanf(parts[0], "%d:%d", &hour, &minute); n == 2 && err == nil && len(parts) == 1 && timeOfDay.MatchString(parts[0]) {
		return fmt.Sprintf("every day at that time is %q", fmt.Sprintf("%d %d * * *", minute, hour))
	}
	return "write minute, hour, day of month, month and day of week"
}

// slip names what is likely wrong with one field; empty where nobody can tell.
func slip(field int, part string) string {
	const hour, day, weekday = 1, 2, 4
	var from, to int
	n, err := fmt.Sscanf(part, "%d-%d", &from, &to)
	switch {
	case field == weekday && strings.Contains(part, "7") && !strings.Contains(part, "/7"):
		return "Sunday is 0: "
	case field == hour && part == "24":
		return "midnight is 0: "
	case field == day && strings.ContainsAny(strings.ToUpper(part), "LW"), field == weekday && strings.ContainsAny(part, "#L"):
		return "last days and third Mondays have no name here: "
	case n == 2 && err == nil && from > to:
		return "a range goes upwards: "
	}
	return ""
}
