package source

import (
	"context"
	"crypto/x509"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	modernc "modernc.org/sqlite" // the driver "sqlite"
	codes "modernc.org/sqlite/lib"

	"drumbeat/internal/dsn"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

//go:embed sql
var sqlFiles embed.FS

func mustRead(name string) string {
	b, err := sqlFiles.ReadFile("sql/" + name)
	if err != nil {
		panic(err) // the file is part of the program; a test reads every one of them
	}
	return string(b)
}

// dialect is everything in which the two databases differ, but for the SQL of their tables.
type dialect struct {
	name     string // the folder of its SQL
	schema   string // the prefix of the canonical tables, with its dot
	bytewise string // the collation that compares bytes
	copies   bool   // rows go in by COPY
	once     string // a condition that is true, given as an argument; empty: none is needed
	packing  packing
}

var (
	postgres = dialect{name: "postgres", schema: "drumbeat.", bytewise: `COLLATE "C"`, copies: true, once: "WHERE $1", packing: packedBinary}
	sqlite   = dialect{name: "sqlite", bytewise: "COLLATE BINARY", packing: packedText}
)

// insert is the statement that takes one row, the values in the layout's order, then the row's number.
func (d dialect) insert(l *layout) string {
	names := l.names()
	if l.time >= 0 {
		names = append(names, "file_row")
	}
	into := d.schema + string(l.rows) + " (" + strings.Join(names, ", ") + ")"
	if d.copies {
		// The table is new or emptied in this transaction, so its rows can be frozen: reading them then needs
		// no look at the table beside the index, without a VACUUM first.
		return "COPY " + into + " FROM STDIN WITH (FREEZE)"
	}
	return "INSERT INTO " + into + " VALUES (" + strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ") + ")"
}

// instantLayout is how SQLite keeps an instant: of one width, so that text order is time order.
const instantLayout = "2006-01-02T15:04:05.000000Z"

// value is a cell as the driver takes it.
func (d dialect) value(k kind, c *cell) any {
	if c.null && k != boolean {
		return nil
	}
	switch k {
	case instant:
		return c.at.Format(instantLayout)
	case date:
		return c.date.String()
	case amount, share:
		if d.copies {
			return c.text
		}
		return c.num
	case integer:
		return c.int
	case boolean:
		return c.null || c.flag // the only one is reps.active, true where nothing is said
	}
	return c.text
}

// database is where a DSN leads.
type database struct {
	dialect
	dsn   string
	path  string // SQLite's file
	shown string // the DSN without anything secret
}

// parseDSN refuses what is no DSN, without repeating it: it may hold a password.
func parseDSN(text string) (database, error) {
	if path, ok := strings.CutPrefix(text, "sqlite:"); ok {
		if path == "" || path == ":memory:" || strings.HasPrefix(path, "//") { // the config refuses the same
			return database{}, fault.List{{File: text, What: "names no file", Hint: "write sqlite:PATH, without // before it"}}
		}
		return database{dialect: sqlite, dsn: text, path: path, shown: text}, nil
	}
	bad := fault.List{{File: "dsn", What: "is neither postgres://… nor sqlite:PATH",
		Hint: "write postgres://USER:PASSWORD@HOST/DATABASE, special characters as %XX, or sqlite:PATH"}}
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return database{}, bad
	}
	u, err := url.Parse(text)
	if err != nil || dsn.Torn(u) {
		return database{}, bad
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path} // no query either: it may name a password, too
	if u.User != nil {
		shown.User = url.User(u.User.Username())
	}
	q := u.Query()
	for name, value := range map[string]string{"connect_timeout": "10", "application_name": "drumbeat"} {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	u.RawQuery = q.Encode()
	if _, err := pq.NewConnector(u.String()); err != nil { // a setting that there is not, or a value that it does not have
		return database{}, fault.List{{File: "dsn", What: strings.TrimPrefix(err.Error(), "pq: "), Hint: "correct what stands behind the ? of the DSN"}}
	}
	return database{dialect: postgres, dsn: u.String(), shown: shown.String()}, nil
}

type purpose bool

const (
	forReading purpose = false
	forWriting purpose = true
)

// open connects, and says in one line why it cannot.
func (d database) open(ctx context.Context, p purpose) (*sqlx.DB, error) {
	var db *sqlx.DB
	var err error
	switch {
	case d.copies && p == forReading:
		return d.openReadOnly(ctx)
	case d.copies:
		db, err = sqlx.Open("postgres", d.dsn)
	default:
		db, err = d.openSQLite(p)
	}
	return d.reached(ctx, db, err)
}

// openReadOnly has the server refuse whatever would write in these sessions, also outside of our transactions, which
// are read-only themselves. A pooler may not take the setting; it must not be made later, since with a pooler it would
// stay for others.
func (d database) openReadOnly(ctx context.Context) (*sqlx.DB, error) {
	u, err := url.Parse(d.dsn)
	if err != nil {
		return nil, err // parseDSN has parsed it
	}
	q := u.Query()
	q.Set("default_transaction_read_only", "on")
	u.RawQuery = q.Encode()
	db, err := sqlx.Open("postgres", u.String())
	db, err = d.reached(ctx, db, err)
	if e := (*pq.Error)(nil); errors.As(err, &e) && e.Code.Name() == "protocol_violation" && strings.Contains(e.Message, "startup parameter") {
		db, err = sqlx.Open("postgres", d.dsn)
		return d.reached(ctx, db, err)
	}
	return db, err
}

// reached says in one line why a database cannot be.
func (d database) reached(ctx context.Context, db *sqlx.DB, err error) (*sqlx.DB, error) {
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", d.shown, err)
	}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close() // it never opened
		return nil, fmt.Errorf("connect to %s: %w", d.shown, d.explain(err))
	}
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// openSQLite names the file in a URI, so that reading never creates one; writing makes it for its owner's eyes only: names
// and amounts are in it. Reading opens it for writing, too:
// after a crash somebody has to roll back; query_only keeps it from anything else.
func (d database) openSQLite(p purpose) (*sqlx.DB, error) {
	if info, err := os.Stat(d.path); err == nil && info.IsDir() {
		return nil, errors.New("it is a folder; name a file")
	}
	mode, query := "rw", url.Values{"_pragma": {"busy_timeout(30000)"}}
	if p == forWriting {
		if _, err := os.Stat(filepath.Dir(d.path)); err != nil {
			return nil, fmt.Errorf("its folder: %s", reason(err))
		}
		if f, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil { // else SQLite says why not
			_ = f.Close() // nothing was written
		}
		mode = "rwc"
		query.Set("_txlock", "immediate")
	} else {
		if _, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New(reason(err) + "; correct the DSN, or fill it: drumbeat import PATH --into DSN")
		} else if err != nil {
			return nil, errors.New(reason(err))
		}
		query.Add("_pragma", "query_only(1)")
	}
	query.Set("mode", mode)
	db, err := sqlx.Open("sqlite", "file:"+(&url.URL{Path: d.path}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	return sqlx.NewDb(db.DB, "sqlite3"), nil // the name by which sqlx knows its placeholders
}

// explain adds what to do about the errors that a first connection meets.
func (d dialect) explain(err error) error {
	var lite *modernc.Error
	var stranger x509.UnknownAuthorityError
	var misnamed x509.HostnameError
	var post *pq.Error
	switch {
	case errors.As(err, &post) && (post.Code == pqerror.InvalidPassword || post.Code == pqerror.InvalidAuthorizationSpecification):
		return fmt.Errorf("%w; correct user and password in the DSN", err)
	case errors.As(err, &post) && post.Code == pqerror.InvalidCatalogName:
		return fmt.Errorf("%w; correct the database in the DSN, or create it", err)
	case errors.As(err, &lite) && lite.Code()&0xFF == codes.SQLITE_NOTADB:
		return fmt.Errorf("%w; name one in the DSN", err)
	case errors.Is(err, pq.ErrSSLNotSupported):
		return fmt.Errorf("%w; add ?sslmode=disable to the DSN if the way there is safe", err)
	case errors.As(err, &stranger):
		return fmt.Errorf("%w; name the file of its certificate in the DSN: sslrootcert=FILE", err)
	case errors.As(err, &misnamed):
		return fmt.Errorf("%w; name the host in the DSN as its certificate does", err)
	case errors.As(err, &lite) && (lite.Code()&0xFF == codes.SQLITE_CANTOPEN || lite.Code()&0xFF == codes.SQLITE_READONLY):
		return fmt.Errorf("%w; may you write that file, and in its folder?", err)
	case errors.As(err, &lite) && lite.Code()&0xFF == codes.SQLITE_BUSY:
		return fmt.Errorf("%w; another program writes to it, an import perhaps: try again when that has ended", err)
	}
	return err
}

// wrongQuery gives what the database finds wrong with a statement's syntax or names, empty where that is not the
// error. PostgreSQL's place is left out: it counts the lines that stand around a query here.
func wrongQuery(err error) string {
	var post *pq.Error
	var lite *modernc.Error
	switch {
	case errors.As(err, &post) && post.Code.Class() == "42":
		return post.Message
	case errors.As(err, &lite) && lite.Code() == codes.SQLITE_ERROR:
		return lite.Error()
	}
	return ""
}

const mark = "drumbeat canonical rows, version "

// currentMark is in the tables as they are created today; others with a mark are ours of another day.
const currentMark = mark + "2"

func isOurs(m string) bool { return strings.Contains(m, mark) }

// prepareImport waits for another import to end.
func (d database) prepareImport(ctx context.Context, tx *sqlx.Tx) error {
	if !d.copies {
		return nil // the transaction began IMMEDIATE: it has the file to itself
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('drumbeat import'))"); err != nil {
		return err
	}
	var exists bool // asked first: IF NOT EXISTS needs the right to create schemas even where there is one
	if err := tx.GetContext(ctx, &exists, "SELECT to_regnamespace('drumbeat') IS NOT NULL"); err != nil || exists {
		return err
	}
	_, err := tx.ExecContext(ctx, "CREATE SCHEMA drumbeat")
	return err
}

// tablesThere gives the mark of each table or view that has a canonical name.
func (d database) tablesThere(ctx context.Context, q sqlx.QueryerContext) (map[pipeline.Rows]string, error) {
	var found []struct {
		Name pipeline.Rows `db:"name"`
		Mark string        `db:"mark"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, mustRead(d.name+"/present.sql")); err != nil {
		return nil, fmt.Errorf("look for the canonical tables: %w", err)
	}
	there := map[pipeline.Rows]string{}
	for _, t := range found {
		there[t.Name] = t.Mark
	}
	return there, nil
}

// emptyTable leaves an empty table of today's form, or none where the source has no such rows. Where it can,
// it keeps the table itself, and with it what others were granted on it. reps comes first, and whoever reads
// holds a lock on reps: so an import waits for its readers.
func (d database) emptyTable(ctx context.Context, tx *sqlx.Tx, rows pipeline.Rows, there map[pipeline.Rows]string, wanted bool) error {
	name := d.schema + string(rows)
	exists := there[rows] != ""
	if exists && wanted && d.copies && strings.Contains(there[rows], currentMark) {
		_, err := tx.ExecContext(ctx, "TRUNCATE TABLE "+name)
		return err
	}
	if exists {
		if _, err := tx.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			return err
		}
	}
	if !wanted {
		return nil
	}
	_, err := tx.ExecContext(ctx, mustRead(d.name+"/"+string(rows)+".sql"))
	return err
}

// analyze gives every table that was written its statistics: the planner knows nothing of the new rows, and
// would rather sort them than trust the index.
func (d dialect) analyze(written map[pipeline.Rows]string) string {
	if !d.copies {
		return "ANALYZE" // of one table or of all
	}
	var tables []string
	for _, rows := range pipeline.AllRows {
		if written[rows] != "" {
			tables = append(tables, d.schema+string(rows))
		}
	}
	return "ANALYZE " + strings.Join(tables, ", ")
}
