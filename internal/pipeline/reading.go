package pipeline

import (
	"iter"
	"time"
)

// Reading is one consistent view of a pipeline database, on its way to the figures.
type Reading struct {
	Reps   []Rep         // by id, bytewise
	Tables map[Rows]bool // which canonical rows the source has at all

	// From says from where rows are read: the name of their table, or the key of the config that holds their query.
	From map[Rows]string

	// Notes are sentences on what the source does not have and what follows from it, where no column says so.
	Notes []string

	// Missing lists the columns that the source's rows lack, and which read as null, in canonical order.
	Missing map[Rows][]string

	// Observed says what of the rows was seen by runs of ours, in place of a history that the source does not have;
	// nil: nothing is. Tables and Counts speak of the source alone.
	Observed *Observed

	// PartyNamed says whether some activity of a known deal before the instant of the reading names a party.
	PartyNamed bool

	// Deals yields every deal of the source in the byte order of its id, each with all its rows of any time
	// (whoever computes as of an instant leaves out the later ones). A History is valid until the next one.
	// It can be read once; after an error it ends.
	Deals iter.Seq2[*History, error]

	// Counts says, once Deals is read to its end, how many rows of each kind lie before the instant of the
	// reading (reps: all), those of unknown deals included. Deals are not counted here: whether one existed
	// depends on its history.
	Counts map[Rows]int

	// Newest says, once Deals is read to its end, the latest time among the counted rows of each history; rows that
	// needs left out are not among them.
	Newest map[Rows]time.Time
}
