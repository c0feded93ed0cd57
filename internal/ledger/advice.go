package ledger

import (
	"errors"
	"fmt"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	modernc "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// advise adds what to do to a database's error, where the database's own words leave an operator alone.
func (d dialect) advise(err error) error {
	if advice := d.advice(err); advice != "" {
		return fmt.Errorf("%w; %s", err, advice)
	}
	return err
}

func (d dialect) advice(err error) string {
	var server *pq.Error
	if errors.As(err, &server) {
		switch server.Code {
		case pqerror.ReadOnlySQLTransaction, pqerror.FeatureNotSupported: // the second is BEGIN READ WRITE on a hot standby
			return "state.dsn leads to a standby or to a user who may only read: it must be the primary " +
				"(several hosts: add target_session_attrs=read-write)"
		case pqerror.TooManyConnections:
			return "raise max_connections or the user's connection limit: each process takes up to 10"
		case pqerror.DiskFull:
			return "make room on the database's disk"
		case pqerror.InvalidPassword, pqerror.InvalidAuthorizationSpecification:
			return "correct user and password in state.dsn"
		case pqerror.InvalidCatalogName:
			return "correct the database in state.dsn, or create it"
		case pqerror.InsufficientPrivilege:
			return "give the user of state.dsn the right to it, or make it the owner of the schema drumbeat_state"
		}
	}
	var lite *modernc.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xFF { // the rest says more, of which nothing helps
		case codes.SQLITE_FULL, codes.SQLITE_IOERR:
			return "make room on the disk of " + d.file + ", or look at its health"
		case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM:
			return fmt.Sprintf("%s and its folder must be writable for the user that runs drumbeat, since SQLite keeps files beside it", d.file)
		case codes.SQLITE_BUSY:
			return "another process keeps " + d.file + " locked for too long"
		case codes.SQLITE_NOMEM:
			return "give the process more memory"
		case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
			return d.file + " is damaged or no ledger: put a backup in its place"
		}
	}
	return ""
}
