package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"drumbeat/internal/dsn"
	smtp "drumbeat/internal/mail"
)

// The parsers of single values. Their errors read `what; hint`.

func parseZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q depends on the machine; write a zone such as Europe/Berlin or UTC", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q; %s", name, likelyZone(name))
	}
	return loc, nil
}

func parseZoneName(name string) (string, error) {
	_, err := parseZone(name)
	return name, err
}

var currencyForm = regexp.MustCompile(`^[A-Za-z]{3}$`)

func parseCurrency(s string) (string, error) {
	if !currencyForm.MatchString(s) {
		return "", fmt.Errorf("%q is no currency; %s", s, likelyCurrency(s))
	}
	return strings.ToUpper(s), nil
}

var nameForm = regexp.MustCompile(`^[\pL\pN][\pL\pN ._-]*$`)

// parseName reads what becomes the name of a folder and a key of the ledger.
func parseName(s string) (string, error) {
	if !nameForm.MatchString(s) || len(s) > 100 || strings.TrimSpace(s) != s {
		return "", fmt.Errorf("%q is no name; use letters, digits, spaces and . _ -, at most 100", s)
	}
	return s, nil
}

var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

func parseLocale(s string) (string, error) {
	tag, err := language.Parse(s)
	if err != nil || !localeForm.MatchString(s) {
		return "", fmt.Errorf("%q is no locale; write one such as en-US or de-AT", s)
	}
	return tag.String(), nil
}

func parseAddress(s string) (mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || !smtp.CanMail(a.Address) {
		return mail.Address{}, fmt.Errorf("%q is no e-mail address; write name@example.com or Name <name@example.com>", s)
	}
	return *a, nil
}

func parsePlainAddress(s string) (string, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || !smtp.CanMail(s) {
		return "", fmt.Errorf("%q is no e-mail address; write name@example.com", s)
	}
	return s, nil
}

// orEmpty lets an empty text through: of a person it overrides nothing.
func orEmpty(parse func(string) (string, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		return parse(s)
	}
}

var rateForm = regexp.MustCompile(`^([1-9][0-9]{0,6})/([smh])$`)

func parseRate(s string) (Rate, error) {
	form := rateForm.FindStringSubmatch(s)
	if form == nil {
		return Rate{}, fmt.Errorf("%q is no rate; %s", s, likelyRate(s))
	}
	n, err := strconv.Atoi(form[1])
	return Rate{N: n, Per: map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[form[2]]}, err
}

var headerForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,76}$`)

func parseHeaderName(s string) (string, error) {
	if !headerForm.MatchString(s) {
		return "", fmt.Errorf("%q is no name of a header; write one such as Resend-Idempotency-Key", s)
	}
	if smtp.Ours(s) {
		return "", fmt.Errorf("%s stands in every mail already; write one such as Resend-Idempotency-Key", s)
	}
	return s, nil
}

func parseHost(s string) (string, error) {
	switch {
	case s == "" || strings.ContainsAny(s, " \t\r\n/@"):
		return "", fmt.Errorf("%q is no host; write smtp.example.com or an address", s)
	case strings.Contains(s, ":") && net.ParseIP(s) == nil:
		return "", fmt.Errorf("%q is more than a host; write the port under port", s)
	}
	return s, nil
}

func parseListen(s string) (string, error) {
	_, port, err := net.SplitHostPort(s)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("%q is no address to listen on; write host:port, such as 127.0.0.1:8080 or :8080", s)
	}
	return s, nil
}

func parseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return "", errors.New("this is no URL; write https://host/path without name and password")
	}
	return s, nil
}

func parseDealLink(s string) (string, error) {
	if !strings.Contains(s, "{id}") {
		return "", errors.New("the deal's id has no place in this URL; write {id} where it belongs")
	}
	_, err := parseURL(strings.ReplaceAll(s, "{id}", "1"))
	return s, err
}

// resolveDSN checks the form of a data source name and resolves a relative SQLite path. Its errors name no
// part of it: a DSN holds a password.
func (r *reader) resolveDSN(text string) (string, error) {
	d, err := dsn.Parse(text)
	if err != nil || d.Postgres != nil {
		return text, err
	}
	return "sqlite:" + r.path(d.SQLite), nil
}
