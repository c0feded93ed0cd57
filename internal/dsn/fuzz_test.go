package dsn

import (
	"strings"
	"testing"
)

// Whatever surrounds a password, no error repeats it, and where a DSN is taken the password is no part of the place
// that it leads to.
func FuzzParse(f *testing.F) {
	for _, c := range [][3]string{
		{"postgres://drumbeat:", "", "@db/sales"}, {"postgres://drumbeat:", "%", "@db:5432/sales"}, {"postgresql://u:", "#", "@/?host=/run"}, {"postgres://u:12/", "", "@db/s"},
		{"host=db password=", "", " dbname=sales"}, {"mysql://u:", "", "@db"}, {"Driver={PostgreSQL};Pwd=", ";", ""}, {"jdbc:postgresql://db?password=", "", ""}, {"sqlite:", "", ""},
		{" postgres://u:", "@", "@db"}, {"POSTGRES://u:", "", "@db"}, {"postgres:", "", "@"},
	} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, before, after, rest string) {
		const password = "hunter2"
		d, err := Parse(before + password + after + rest)
		if err != nil {
			if what, hint, found := strings.Cut(err.Error(), "; "); strings.Contains(err.Error(), password) || !found || what == "" || hint == "" {
				t.Errorf("said: %v", err)
			}
			return
		}
		_, in, _ := strings.Cut(before, "://")
		if d.Postgres != nil && strings.Contains(in, ":") && !strings.ContainsAny(in, "@/?[,") && strings.Contains(d.Postgres.Host+d.Postgres.EscapedPath(), password) {
			t.Errorf("the password leads to %s%s", d.Postgres.Host, d.Postgres.Path)
		}
		if (d.Postgres == nil) == (d.SQLite == "") {
			t.Errorf("it leads to %+v", d)
		}
	})
}
