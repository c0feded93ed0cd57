package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	modernc "modernc.org/sqlite" // the driver "sqlite"
	codes "modernc.org/sqlite/lib"

	"drumbeat/internal/dsn"
)

// dialect is everything in which the two databases differ, but for their migrations.
type dialect struct {
	goose        goose.Dialect
	migrations   string // the folder below migrations/
	versionTable string
	hasVersion   string // a query: is the version table there?
	replace      *strings.Replacer
	begin        string            // a query for the database's own clock, which bounds our silence in a transaction; empty: our clock
	analyze      string            // lets the planner know how many deliveries wait; empty: it needs no telling
	inline       *strings.Replacer // puts that clock into a statement; nil: there is none
	file         string            // SQLite's file
}

var postgres = dialect{
	goose:        goose.DialectPostgres,
	migrations:   "postgres",
	versionTable: "drumbeat_state.ledger_version",
	hasVersion:   "SELECT to_regclass('drumbeat_state.ledger_version') IS NOT NULL",
	replace:      strings.NewReplacer(),
	// A replica that is paused or gone in the middle of a transaction would keep its locks, and with them everybody else
	// from the same run or row, for as long as its connection seems to be there.
	begin:   "SELECT clock_timestamp(), set_config('idle_in_transaction_session_timeout', $1, true)",
	analyze: "ANALYZE drumbeat_state.delivery (state, next_attempt_at, lease_until)",
	// The instant at which the server got the statement; unlike clock_timestamp() one instant, which an index can use.
	inline: strings.NewReplacer(":now", "statement_timestamp()",
		":until", "statement_timestamp() + CAST(:lease AS double precision) * interval '1 microsecond'"),
}

// One writer and no schemas: SQLite needs neither the locks of rows nor the prefix of tables.
var sqlite = dialect{
	goose:        goose.DialectSQLite3,
	migrations:   "sqlite",
	versionTable: "ledger_version",
	hasVersion:   "SELECT COUNT(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = 'ledger_version'",
	replace:      strings.NewReplacer("drumbeat_state.", "", "FOR UPDATE SKIP LOCKED", ""),
}

// origin names the place of the database, as far as it can be told apart from that of a copy; empty: not at all.
func (d dialect) origin(ctx context.Context, q sqlx.QueryerContext) string {
	if d.file != "" {
		return fileOrigin(d.file)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var name string
	// Not every service lets its users ask. A replica that takes over keeps the identifier, a dump read in elsewhere does not.
	err := q.QueryRowxContext(ctx, "SELECT 'database '||d.oid||' of cluster '||c.system_identifier "+
		"FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()").Scan(&name)
	if err != nil {
		return ""
	}
	return name
}

// translate turns a query written for Postgres into the dialect's own.
func (d dialect) translate(query string) string { return d.replace.Replace(query) }

// now is the instant by which leases and due times are judged: every replica must agree on it. A transaction that asks
// is ended by the database when it falls silent for that long.
func (d dialect) now(ctx context.Context, q sqlx.QueryerContext, ours func() time.Time, silence time.Duration) (time.Time, error) {
	if d.begin == "" {
		return ours().UTC().Truncate(time.Microsecond), nil
	}
	var at instant
	var set string
	if err := q.QueryRowxContext(ctx, d.begin, strconv.FormatInt(silence.Milliseconds(), 10)).Scan(&at, &set); err != nil {
		return time.Time{}, err
	}
	return time.Time(at), nil
}

// ErrDSN means that the DSN itself is wrong, whatever database there may be.
var ErrDSN = errors.New("state.dsn")

// place names a state database without its user and password.
func place(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host + u.Path
	}
	if strings.HasPrefix(dsn, "sqlite:") {
		return dsn
	}
	return "state.dsn"
}

// openDialect prepares the connections; on SQLite it creates the file, for its owner's eyes only.
func openDialect(text string) (dialect, *sqlx.DB, error) {
	if path, ok := strings.CutPrefix(text, "sqlite:"); ok {
		return openSQLite(path)
	}
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return dialect{}, nil, fmt.Errorf("%w: neither postgres://… nor sqlite:PATH", ErrDSN)
	}
	u, err := url.Parse(text)
	var cfg pq.Config
	if err == nil && !dsn.Torn(u) {
		cfg, err = pq.NewConfig(text)
	} else {
		err = ErrDSN
	}
	// A query with its parameters goes and is answered in one round trip instead of two, and bodies travel as they are.
	cfg.BinaryParameters = true
	var connector *pq.Connector
	if err == nil {
		connector, err = pq.NewConnectorConfig(cfg)
	}
	if err != nil {
		// What the parser says may quote the DSN, and with it the password.
		return dialect{}, nil, fmt.Errorf("%w: not a URL that Postgres' driver reads; write "+
			"postgres://USER:PASSWORD@HOST/DATABASE with special characters as %%XX", ErrDSN)
	}
	connector.Dialer(dialer{silence: callTimeout + 15*time.Second})
	db := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return postgres, db, nil
}

func openSQLite(path string) (dialect, *sqlx.DB, error) {
	if path == "" || path == ":memory:" {
		return dialect{}, nil, fmt.Errorf("%w: sqlite:%s names no file, and what was sent must outlive the program", ErrDSN, path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite gives -wal and -shm the same mode
	if errors.Is(err, fs.ErrNotExist) {
		err = cmp.Or(folder(path), err)
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w; the file and its folder must be writable for the user that runs drumbeat", err)
	}
	if err != nil {
		return dialect{}, nil, err
	}
	if err := f.Close(); err != nil {
		return dialect{}, nil, err
	}
	d := sqlite
	if d.file, err = filepath.EvalSymlinks(path); err != nil { // one file, one lock, by whatever name
		return dialect{}, nil, err
	}
	// FULL, since NORMAL may forget the last marks when the power goes, and a forgotten mark is a second mail.
	// IMMEDIATE, since a transaction that reads first and then wants to write cannot wait its turn.
	// secure_delete, since what is removed from a ledger is a person's: else it stays in the file until its page is needed.
	dsn := "file:" + (&url.URL{Path: d.file}).EscapedPath() + "?" + url.Values{
		"_pragma": {"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)"},
		"_txlock": {"immediate"},
	}.Encode()
	db, err := sqlx.Open("sqlite", dsn)
	if err != nil {
		return dialect{}, nil, err
	}
	db.SetMaxOpenConns(1)
	if err := reach(db.DB); err != nil {
		_ = db.Close() // the first error is the one that says why
		return dialect{}, nil, d.advise(err)
	}
	return d, sqlx.NewDb(db.DB, "sqlite3"), nil // the name by which sqlx knows its placeholders
}

// reach makes the first connection, which turns a new file to WAL. Two who do so at once would each wait for the
// other, so SQLite refuses one of them without the patience of busy_timeout: that one comes again.
func reach(db *sql.DB) error {
	for patience := time.Now().Add(callTimeout); ; {
		err := db.PingContext(context.Background()) // bounded by patience
		var lite *modernc.Error
		if !errors.As(err, &lite) || lite.Code()&0xFF != codes.SQLITE_BUSY || time.Now().After(patience) {
			return err
		}
		time.Sleep(10*time.Millisecond + rand.N(20*time.Millisecond))
	}
}
