package main

import (
	"fmt"
	"maps"
	"net/mail"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
)

// setting is one key of a config with its effective value. Values that are secret or too long to read are compared and
// not shown.
type setting struct {
	value any
	shown string // empty: never
}

const fileOfProcess = "process (the file)"

// restarts are the keys that cannot change while a worker runs (see reload).
var restarts = []string{"state.dsn", "environment", "web.listen"}

// keysOf flattens a config into its keys, the schedules left out: whatever is added to the config is among them.
func keysOf(cfg *config.Config) map[string]setting {
	flat := map[string]setting{}
	v := reflect.ValueOf(*cfg)
	for i := range v.NumField() {
		switch f := v.Type().Field(i); {
		case !f.IsExported() || slices.Contains([]string{"Path", "Files", "Version", "Notes", "Schedules", "Process", "People"}, f.Name):
		default:
			flatten(flat, keyName("", f.Name), v.Field(i))
		}
	}
	for _, p := range cfg.People {
		said := reflect.ValueOf(p)
		for i := range said.NumField() {
			if f := said.Type().Field(i).Name; f != "Rep" && !said.Field(i).IsZero() { // an empty value overrides nothing
				flatten(flat, keyName("people."+p.Rep, f), said.Field(i))
			}
		}
	}
	flat["process.name"] = setting{cfg.Process.Name, cfg.Process.Name}
	for _, version := range cfg.Process.Versions {
		key := "process.versions." + version.Effective.String()
		if _, twice := flat[key]; twice { // of one day the last one is in force
			key += " (another)"
		}
		flat[key] = setting{value: version.Stages}
	}
	for key, file := range map[string]string{fileOfProcess: cfg.ProcessPath, "waivers (the file)": cfg.Waivers} {
		if data, err := os.ReadFile(file); err == nil {
			flat[key] = setting{value: data}
		}
	}
	return flat
}

// keyNames are the keys that are not their field's name.
var keyNames = map[string]string{"Zone": "time_zone", "TimeZone": "time_zone", "ProcessPath": "process", "web.Username": "auth.username", "web.Password": "auth.password"}

func keyName(of, field string) string {
	name := keyNames[of+"."+field]
	if name == "" {
		name = keyNames[field]
	}
	if name == "" {
		name = snake(field)
	}
	if of == "" {
		return name
	}
	return of + "." + name
}

// snake writes CAFile as ca_file.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		last := i+1 == len(letters)
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(letters[i-1]) || !last && unicode.IsLower(letters[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func flatten(flat map[string]setting, key string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case config.Secret:
		flat[key] = setting{value: x}
		return
	case map[pipeline.Rows]string: // SQL
		for rows, sql := range x {
			flat[key+"."+string(rows)] = setting{value: sql}
		}
		return
	case *time.Location, mail.Address, *mail.Address, time.Duration, config.Rate, fmt.Stringer:
		flat[key] = setting{x, shownValue(v)}
		return
	}
	switch {
	case v.Kind() == reflect.Struct && v.NumField() == 2 && v.Type().Field(1).Name == "OK": // a pipeline.Opt
		if s := (setting{v.Interface(), ""}); v.Field(1).Bool() {
			s.shown = fmt.Sprint(v.Field(0))
			flat[key] = s
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				flatten(flat, keyName(key, f.Name), v.Field(i))
			}
		}
	default:
		flat[key] = setting{v.Interface(), shownValue(v)}
	}
}

// shownValue writes a value as one would in the file.
func shownValue(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return shownDuration(x)
	case config.Rate:
		return fmt.Sprintf("%d/%s", x.N, strings.TrimLeft(x.Per.String(), "1")[:1])
	case mail.Address:
		return x.String()
	case *mail.Address:
		if x == nil {
			return "none"
		}
		return x.String()
	case pipeline.DateRange:
		return x.From.String() + " to " + x.To.String()
	case fmt.Stringer:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Map:
		var parts []string
		for _, k := range slices.SortedFunc(maps.Keys(mapOf(v)), strings.Compare) {
			parts = append(parts, k+": "+mapOf(v)[k])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Slice:
		if v.IsNil() {
			return "not set"
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, shownValue(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if text := fmt.Sprint(v); text != "" {
		return text
	}
	return "not set"
}

func mapOf(v reflect.Value) map[string]string {
	m := map[string]string{}
	for _, k := range v.MapKeys() {
		m[fmt.Sprint(k)] = fmt.Sprint(v.MapIndex(k))
	}
	return m
}

func shownDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d != 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if text == "" {
		return "0s"
	}
	return text
}

// otherKeys says which keys have other values, those of the schedules left out.
func otherKeys(old, new *config.Config) []keyChange {
	out := []keyChange{}
	before, after := keysOf(old), keysOf(new)
	if file := fileOfProcess; reflect.DeepEqual(before[file], after[file]) { // its dates begin elsewhere in another time_zone
		for _, keys := range []map[string]setting{before, after} {
			maps.DeleteFunc(keys, func(key string, _ setting) bool { return strings.HasPrefix(key, "process.") })
		}
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		b, hadIt := before[key]
		a, hasIt := after[key]
		if hadIt == hasIt && reflect.DeepEqual(b.value, a.value) || b.shown == a.shown && b.shown != "" && hadIt == hasIt {
			continue
		}
		c := keyChange{Key: key, Restart: slices.Contains(restarts, key)}
		if b.shown != "" || a.shown != "" { // never of secrets
			c.Old, c.New = shownOrNot(b, hadIt), shownOrNot(a, hasIt)
		}
		out = append(out, c)
	}
	return out
}

func shownOrNot(s setting, there bool) *string {
	if !there {
		s.shown = "not set"
	}
	return &s.shown
}
