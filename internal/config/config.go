// Package config reads drumbeat.yaml, and the process that it names, into typed settings. In goes a path;
// out comes a Config with every default filled in and every relative path resolved against the file.
// It refuses unknown keys, values out of range and contradictions, all of them at once, each at its place,
// and never repeats a secret. Read config/drumbeat.yaml for the keys, read.go for how they are read.
package config

import (
	"log/slog"
	"net/mail"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/schedule"
)

// Config is everything that one drumbeat.yaml says.
type Config struct {
	Path        string // as the user gave it
	Zone        *time.Location
	Currency    string             // upper case
	Rates       map[string]float64 // upper case → units of Currency
	Environment string             // whose state this is: production, staging, …
	ProcessPath string
	Process     *process.Process
	Waivers     string // path of a CSV file; empty: none
	Templates   string // folder that overrides templates; empty: none
	Source      Source
	State       State
	Metrics     Metrics
	People      []pipeline.Person
	Schedules   []Schedule
	Mail        Mail
	Links       Links
	Web         Web
	Log         Log
	Version     string   // of this file and its process, as they were read: it changes when either does
	Files       []string // the paths of all files that it was read from or that it names, also of those that are not there; the folder of templates too
	Notes       []string // what is no fault and seldom meant, a sentence each; no secrets

	unready fault.List
}

// Source is the pipeline database.
type Source struct {
	DSN              Secret
	Preset           string
	Schema           string                   // where queries find their tables; empty: as the DSN says
	Queries          map[pipeline.Rows]string // SQL; empty: the canonical tables. Rows without one are not there
	StatementTimeout time.Duration
}

// State is the ledger's database.
type State struct {
	DSN        Secret
	KeepBodies time.Duration
}

// Metrics are the choices in how figures are computed; HealthSettings hands them over.
type Metrics struct {
	Lookback    time.Duration
	Grace       time.Duration
	MinDue      int
	MinHistory  int
	MinCalled   int
	SilentAfter time.Duration
	LeastStall  time.Duration
	Focus       string // a checkpoint's full name; empty: found by its misses
	Forecast    Forecast
}

// Forecast says when forecasts are held against what came true.
type Forecast struct {
	Period          pipeline.Span // Month or Quarter
	FiscalYearStart int           // month, 1 to 12
	CallAfter       time.Duration
	CategoryChance  map[string]float64 // 0 to 1
}

// The kinds of digest.
const (
	Manager = "manager"
	Rep     = "rep"
	Admin   = "admin"
)

// Schedule says which digest goes to whom, when, about which window.
type Schedule struct {
	Name          string
	Digest        string // Manager, Rep or Admin
	Cron          string
	Spec          schedule.Spec // Cron, parsed
	Zone          *time.Location
	RecipientZone bool // the hour is each recipient's own; Zone is then the config's
	Window        pipeline.Span
	Scope         string // direct or tree
	Recipients    Recipients
	CatchUp       string        // last, all or none
	MaxAge        time.Duration // older ticks are not caught up
	SkipEmpty     bool
	Ping          string // URL; empty: none
}

// Recipients narrow a schedule down; all empty: everybody of the digest's kind.
type Recipients struct {
	Teams     []string
	Reps      []string // ids
	Addresses []string // of admin digests
}

// Mail says how digests are sent.
type Mail struct {
	From              mail.Address
	ReplyTo           *mail.Address // nil: none
	SMTP              SMTP
	Connections       int
	Rate              Rate
	AttemptsFor       time.Duration
	OnUnknown         string // resend or hold
	IdempotencyHeader string // empty: none
}

// SMTP is the relay.
type SMTP struct {
	Host     string
	Port     int
	TLS      string // mandatory, implicit, opportunistic or none
	Auth     string // auto, none or the name of a mechanism in lower case
	Username string
	Password Secret
	CAFile   string
	Timeout  time.Duration
}

// Rate is at most N mails in each Per.
type Rate struct {
	N   int
	Per time.Duration
}

// Interval is the time between two mails at that rate.
func (r Rate) Interval() time.Duration { return r.Per / time.Duration(r.N) }

// Links lead from a digest into other systems.
type Links struct {
	Deal string // URL with {id}; empty: none
}

// Web is the server for status, archive and unsubscribing.
type Web struct {
	Listen   string
	BaseURL  string
	Secret   Secret
	Username string
	Password Secret
}

// Log says what is logged and how.
type Log struct {
	Level  slog.Level
	Format string // text or json
}

// Secret is a value that is never printed.
type Secret string

const redacted = "[redacted]"

// String hides the value.
func (Secret) String() string { return redacted }

// GoString hides the value from %#v too.
func (Secret) GoString() string { return redacted }

// LogValue hides the value from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the value from JSON and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// ReadyToSend says what is missing before digests can be sent; figures need none of it.
func (c *Config) ReadyToSend() fault.List { return c.unready }

// HealthSettings gives what the figures of one window need to know.
func (c *Config) HealthSettings(window pipeline.Span) health.Settings {
	m := c.Metrics
	return health.Settings{
		Location:       c.Zone,
		Window:         window,
		Currency:       c.Currency,
		Rates:          c.Rates,
		Lookback:       m.Lookback,
		Grace:          m.Grace,
		MinDue:         m.MinDue,
		MinHistory:     m.MinHistory,
		MinCalled:      m.MinCalled,
		SilentAfter:    m.SilentAfter,
		LeastStall:     m.LeastStall,
		Focus:          m.Focus,
		PeriodSpan:     m.Forecast.Period,
		FiscalStart:    m.Forecast.FiscalYearStart,
		CallAfter:      m.Forecast.CallAfter,
		CategoryChance: m.Forecast.CategoryChance,
	}
}
