// Package dsn reads data source names as people write them. In goes the text; out comes what it leads to: a URL of
// PostgreSQL or the path of an SQLite file. It refuses what is neither, and what a special character of a password has
// torn apart, and its errors repeat no part of it: it may hold a password.
// Read source and ledger next: they connect.
package dsn

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DSN is where one leads.
type DSN struct {
	Postgres *url.URL // nil: it is of SQLite
	SQLite   string   // the file's path, as it is written
}

const (
	forms = "write postgres://user@host/database or sqlite:PATH"
	url1  = "write postgres://user:password@host:port/database, special characters as %XX"
)

// Parse reads postgres://…, postgresql://… or sqlite:PATH. Its errors read `what; what to do`.
func Parse(s string) (DSN, error) {
	scheme, rest, _ := strings.Cut(s, ":")
	switch scheme {
	case "postgres", "postgresql":
		u, err := url.Parse(s)
		if err != nil || !strings.HasPrefix(rest, "//") || Torn(u) {
			return DSN{}, errors.New("this is no URL of a PostgreSQL database; " + url1)
		}
		if p := u.Port(); p != "" {
			if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
				return DSN{}, errors.New("the port of the database is out of range; 1 to 65535 is possible")
			}
		}
		if mode := u.Query().Get("sslmode"); mode != "" && !slices.Contains(sslModes, mode) {
			return DSN{}, errors.New("there is no such sslmode; possible: " + strings.Join(sslModes, ", "))
		}
		return DSN{Postgres: u}, nil
	case "sqlite":
		if rest == "" || rest == ":memory:" || strings.HasPrefix(rest, "//") {
			return DSN{}, errors.New("this names no SQLite file; write sqlite:PATH, such as sqlite:pipeline.db")
		}
		return DSN{SQLite: rest}, nil
	}
	return DSN{}, foreign(s)
}

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// Torn says whether a special character of a password has torn a URL apart, so that pieces of the password would show
// as its host, path or fragment.
func Torn(u *url.URL) bool {
	for setting := range u.Query() {
		if strings.Contains(setting, "@") {
			return true
		}
	}
	for host := range strings.SplitSeq(u.Host, ",") { // pq takes several
		if _, port, found := strings.Cut(host[strings.IndexByte(host, ']')+1:], ":"); found && !number.MatchString(port) {
			return true
		}
	}
	return u.Fragment != "" || strings.Contains(u.EscapedPath(), "@")
}

var number = regexp.MustCompile(`^[0-9]*$`)

var (
	ownScheme = regexp.MustCompile(`(?i)^(postgres|postgresql|sqlite):`)
	ownTool   = regexp.MustCompile(`(?i)^(jdbc:|postgres(ql)?\+[a-z0-9]+:|sqlite3:)`) // of Java, SQLAlchemy and Rails
	keywords  = regexp.MustCompile(`(?i)^\s*\w+ *= *\S`)                              // libpq's and ODBC's form
	file      = regexp.MustCompile(`(?i)\.(db|sqlite3?)$`)
	other     = regexp.MustCompile(`(?i)^([a-z][a-z0-9+.-]+)://`)
)

// foreign says what is wrong with a DSN that is none of ours.
func foreign(s string) error {
	switch {
	case strings.TrimSpace(s) != s:
		return errors.New("blanks stand around this DSN; remove them")
	case ownScheme.MatchString(s):
		return errors.New("this begins with capital letters; write postgres:// or sqlite: in small ones")
	case ownTool.MatchString(s):
		return errors.New("this is the DSN of another program; " + forms)
	case keywords.MatchString(s):
		return errors.New("this is a list of settings, not a URL; " + url1)
	case other.MatchString(s):
		return errors.New("this is no database that Drumbeat reads; it reads PostgreSQL and SQLite: " + forms)
	}
	if file.MatchString(s) {
		return errors.New("this is the path of a file; write sqlite: before it")
	}
	return errors.New("this is no database that Drumbeat reads; " + forms)
}
