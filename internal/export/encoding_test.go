package export

import (
	"strings"
	"testing"
)

// Excel's plain CSV is Windows-1252: one fault tells it, and nothing that follows from it.
func TestFilesInWindows1252(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"amounts in euros": {plainHead + "d1,Acme,Ada,New,\"1,234\",2016-10-20,\n" + strings.Repeat("d2,Acme,Ada,New,\"42.220,00 \x80\",2016-10-20,\n", 30),
			`deals.csv:3: is not UTF-8 (Windows-1252 perhaps); save it as "CSV UTF-8"`},
		"names": {plainHead + strings.Repeat("\xc4,J\xfcrgen,Ren\xe9,New,5,2016-10-20,\n", 30),
			`deals.csv:2: is not UTF-8 (Windows-1252 perhaps); save it as "CSV UTF-8"`},
		"the header": {"Gr\xf6\xdfe," + plainHead + strings.Repeat("9,\xc4,J\xfcrgen,Ren\xe9,New,5,2016-10-20,\n", 30),
			`deals.csv:1: is not UTF-8 (Windows-1252 perhaps); save it as "CSV UTF-8"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := open(t, files{"deals.csv": c.text}, Options{})
			want(t, strings.Split(faults.Error(), "\n"), c.want)
		})
	}
}
