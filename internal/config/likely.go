package config

import (
	"fmt"
	"regexp"
	"strings"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
	"drumbeat/internal/yamlfile"
)

// What is likely meant by values that are none: the hints of their parsers.

// meanings are the keys that other programs have for ours.
var meanings = map[string]string{
	"database": "source", "db": "source", "url": "dsn", "timezone": "time_zone", "tz": "time_zone", "smtp_host": "host", "server": "host",
	"hostname": "host", "login": "username", "sender": "from", "replyto": "reply_to", "to": "recipients", "type": "digest", "kind": "digest",
	"interval": "cron", "start": "from", "until": "to", "end": "to", "id": "rep",
}

// abbreviations of zones that are no names, and the places that people mean by them.
var abbreviations = map[string]string{
	"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "MDT": "America/Denver", "CST": "America/Chicago", "CDT": "America/Chicago", "EDT": "America/New_York",
	"CEST": "Europe/Berlin", "EEST": "Europe/Athens", "WEST": "Europe/Lisbon", "BST": "Europe/London", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
	"AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland",
}

var offset = regexp.MustCompile(`^(?:UTC|GMT)? *[+-] *[0-9:]+$`)

// likelyZone is the hint after a time zone that does not exist.
func likelyZone(name string) string {
	if place := abbreviations[strings.ToUpper(name)]; place != "" {
		return "an abbreviation is no name: write a city's zone, such as " + place
	}
	if offset.MatchString(strings.ToUpper(name)) {
		return "an offset knows no summer time: write a city's zone, such as Europe/Berlin"
	}
	plain := strings.NewReplacer("_", "", "-", "", " ", "")
	city, _ := place(strings.ToLower(plain.Replace(name)))
	best, least := "", 2
	for _, zone := range schedule.Zones() {
		whole := strings.ToLower(plain.Replace(zone))
		if whole == strings.ToLower(plain.Replace(name)) {
			return "did you mean " + zone + "?"
		}
		its, found := place(whole)
		if d := min(yamlfile.Distance(strings.ToLower(name), strings.ToLower(zone)), farther(city, its, found)); d <= least && (best == "" || d < least) {
			best, least = zone, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "write one such as Europe/Berlin or UTC, with these capitals"
}

// farther is how far a city is from that of a zone; short names are alike by chance.
func farther(city, its string, found bool) int {
	if !found || len(city) < 4 {
		return 100
	}
	if d := yamlfile.Distance(city, its); d == 0 || len(city) > 6 {
		return d
	}
	return 100
}

// place is what stands behind a zone's last slash.
func place(zone string) (name string, found bool) {
	i := strings.LastIndexByte(zone, '/')
	return zone[i+1:], i >= 0
}

var currencyNames = map[string]string{"€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "us$": "USD", "dollar": "USD", "dollars": "USD",
	"£": "GBP", "pound": "GBP", "pounds": "GBP", "yen": "JPY", "¥": "JPY", "franc": "CHF", "francs": "CHF"}

// likelyCurrency is the hint after what is no code of a currency.
func likelyCurrency(s string) string {
	if code := currencyNames[strings.ToLower(s)]; code != "" {
		return "did you mean " + code + "?"
	}
	return "write its three letters, like EUR"
}

// likelyRate is the hint after what is no rate.
func likelyRate(s string) string {
	words := strings.NewReplacer(" ", "", "per", "/", "sec", "s", "second", "s", "minute", "m", "min", "m", "hour", "h").Replace(strings.ToLower(s))
	for _, try := range []string{words, words + "/s"} {
		if rateForm.MatchString(try) {
			return "did you mean " + try + "?"
		}
	}
	return "write 10/s, 30/m or 500/h"
}

// parseDate is pipeline.ParseDate with what was likely meant.
func parseDate(s string) (pipeline.Date, error) {
	d, err := pipeline.ParseDate(s)
	if err != nil {
		err = fmt.Errorf("%w; %s", err, yamlfile.LikelyDate(s))
	}
	return d, err
}

// The words that people write for one of ours.
var (
	meantTLS     = map[string]string{"starttls": "mandatory", "true": "mandatory", "yes": "mandatory", "on": "mandatory", "required": "mandatory", "ssl": "implicit", "tls": "implicit", "smtps": "implicit", "false": "none", "no": "none", "off": "none", "optional": "opportunistic"}
	meantCatchUp = map[string]string{"true": "last", "yes": "last", "latest": "last", "false": "none", "no": "none", "never": "none"}
	meantScope   = map[string]string{"all": "tree", "everyone": "tree", "whole": "tree", "team": "direct"}
	meantSpan    = map[string]string{"7d": "week", "1w": "week", "30d": "month", "1m": "month", "90d": "quarter"}
	meantDigest  = map[string]string{"team": "manager", "own": "rep", "operations": "admin"}
)
