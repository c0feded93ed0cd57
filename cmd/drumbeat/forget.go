package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

// forgetOptions are the flags of ledger forget.
type forgetOptions struct {
	names       []string
	rep         string
	withOptOut  bool
	yes         bool
	address     string // normalised; empty: none
	config      *config.Config
	out, errOut io.Writer
}

func newForgetCmd(path *string) *cobra.Command {
	var o forgetOptions
	c := &cobra.Command{
		Use:   "forget [ADDRESS]",
		Short: "Remove a person's data; without --yes it only tells what there is",
		Long: `Remove what the state database holds of a person: of mails to the address, or for the rep, the address, rep id,
subject, the relay's words and the stored mail; and the stored mails of others in which the person's name or
address stands. Names are taken from the source, from the mails themselves and from --name; a rep's id is searched
for too if it has six characters or more. Mails of the person that wait are never sent.

What stays is that a mail of a schedule was made for somebody on a day, and whether it was sent, with the hash in its
Message-ID, so that it is not sent again. An opt-out stays too, or mails would come again; --with-opt-out removes it.

Remove the person from the source and the config first, or the next run makes new data. A worker may go on meanwhile.
On SQLite the file is rewritten, so that the bytes are gone from it. On PostgreSQL VACUUM does that; backups and
copies, and files that 'run --out' wrote, are yours to see to.`,
		Example: `  drumbeat ledger forget ann@example.com                            # what is there of her?
  drumbeat ledger forget ann@example.com --rep 112 --yes
  drumbeat ledger forget --rep 112 --name 'Ann Lee' --yes           # she is not in the source any more`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			o.out, o.errOut = shown(c.OutOrStdout()), shown(c.ErrOrStderr())
			if err := o.check(args); err != nil {
				return err
			}
			if o.config, err = loadConfig(*path, false); err != nil {
				return err
			}
			return inLedger(c.Context(), *path, func(l *ledger.Ledger) error { return o.run(c.Context(), l) })
		},
	}
	f := c.Flags()
	f.StringVar(&o.rep, "rep", "", "the rep with this `ID`, at whatever address")
	f.StringArrayVar(&o.names, "name", nil, "a `NAME` by which mails call the person; may be given more than once")
	f.BoolVar(&o.withOptOut, "with-opt-out", false, "remove the opt-out of the address too")
	f.BoolVar(&o.yes, "yes", false, "remove it, for good")
	return c
}

func (o *forgetOptions) check(args []string) error {
	switch {
	case slices.ContainsFunc(o.names, func(n string) bool { return len([]rune(strings.TrimSpace(n))) < 2 }):
		return wrong("--name: a name has two characters or more; write it as the mails do")
	case len(args) == 0 && o.rep == "":
		return wrong("nobody is named; write an address, or --rep ID")
	case len(args) == 0 && o.withOptOut:
		return wrong("--with-opt-out: an opt-out is an address's; name the address")
	case len(args) == 0:
		return nil
	}
	address, ok := digest.Address(args[0])
	if !ok {
		return wrong("%q is no mail address; write name@example.com", args[0])
	}
	o.address = ledger.NormalAddress(address)
	return nil
}

func (o *forgetOptions) run(ctx context.Context, l *ledger.Ledger) error {
	reps, unread := peopleOf(ctx, o.config)
	var there []pipeline.Rep
	for _, rep := range reps {
		if o.is(rep.Email, rep.ID) {
			there = append(there, rep)
			o.names = append(o.names, rep.Name)
		}
	}
	found, err := o.search(ctx, l)
	if err != nil {
		return err
	}
	o.warn(there, unread, found)
	what := ledger.Erasure{Own: found.own, Mentions: found.mentions}
	if o.withOptOut {
		what.OptOuts = found.optedOut
	}
	nothing := len(what.Own)+len(what.Mentions)+len(what.OptOuts) == 0
	o.tell(found)
	switch {
	case nothing:
		_, err = fmt.Fprintln(o.out, "there is nothing to remove")
		return err
	case !o.yes:
		_, err = fmt.Fprintln(o.out, "nothing was changed; --yes removes it, for good")
		return err
	}
	own, mentions, err := l.Erase(ctx, what)
	if err != nil && !errors.Is(err, ledger.ErrErase) {
		return err
	}
	fmt.Fprintln(o.out, "removed")
	if left := len(what.Own) - own + len(what.Mentions) - mentions; left > 0 {
		err = errors.Join(err, fmt.Errorf("forget: of %d mails something stays, since they are being sent at this moment; call this again in a minute", left))
	}
	return err
}

// is says whether a mail to that address, for that rep, is the person's.
func (o *forgetOptions) is(address, rep string) bool {
	return o.isAt(address) || o.rep != "" && rep == o.rep
}

// isAt says whether an address is the person's, whatever its capitals: the ledger keeps those of the local part, since a
// server might tell two people apart by them, and nobody gives two people such addresses.
func (o *forgetOptions) isAt(address string) bool {
	return o.address != "" && strings.EqualFold(ledger.NormalAddress(address), o.address)
}

// peopleOf gives the people of the source, the config's word laid over them; where the source cannot be read, those whom
// the config knows, and why.
func peopleOf(ctx context.Context, cfg *config.Config) (reps []pipeline.Rep, unread error) {
	src := &lateSource{open: func(ctx context.Context) (*source.Source, error) { return openSource(ctx, cfg) }}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	reading, done, err := src.ReadFor(ctx, pipeline.Everything(time.Now()))
	if err == nil {
		reps, err = reading.Reps, done()
	}
	if err = errors.Join(err, src.Close()); err == nil {
		if reps, err = pipeline.Overlay(reps, cfg.People); err == nil {
			return reps, nil
		}
	}
	for _, p := range cfg.People {
		reps = append(reps, pipeline.Rep{ID: p.Rep, Name: p.Name, Email: p.Email})
	}
	return reps, err
}

// warn says what makes new data of the person, and what the search may have missed.
func (o *forgetOptions) warn(there []pipeline.Rep, unread error, found trail) {
	note := func(format string, args ...any) { fmt.Fprintf(o.errOut, "drumbeat: "+format+"\n", args...) }
	if unread != nil {
		note("the source cannot be read, so whether the person is still in it is not known, nor the name: %v", unread)
	}
	for _, rep := range there {
		note("rep %s %s is still in the source or the config: the next run makes new data; remove the person there first", rep.ID, rep.Name)
	}
	for _, s := range o.config.Schedules {
		if slices.ContainsFunc(s.Recipients.Addresses, o.isAt) {
			note("schedules.%s still names the address; remove it there first", s.Name)
		}
	}
	if len(found.names) == 0 {
		note("nobody knows the person's name any more, so other people's mails were searched for the address alone; add --name NAME")
	}
	for _, other := range found.others {
		note("there are mails %s as well; if that is the same person, name it too", other)
	}
}

// tell says what was found.
func (o *forgetOptions) tell(found trail) {
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			fmt.Fprintln(o.out, "1 "+one)
		case n > 1:
			fmt.Fprintf(o.out, "%d %s\n", n, many)
		}
	}
	if len(found.names) > 0 {
		fmt.Fprintln(o.out, "called "+strings.Join(found.names, ", "))
	}
	say(len(found.own), "delivery to the person", "deliveries to the person")
	say(found.waiting, "of them was not sent yet, and never will be", "of them were not sent yet, and never will be")
	say(len(found.mentions), "mail to somebody else that names the person: it loses its subject and its stored bytes",
		"mails to others that name the person: they lose their subjects and their stored bytes")
	say(found.unsent, "mail to somebody else that names the person is still to be sent and stays; call this again afterwards",
		"mails to others that name the person are still to be sent and stay; call this again afterwards")
	switch {
	case len(found.optedOut) > 0 && o.withOptOut:
		fmt.Fprintln(o.out, "the opt-out of the address")
	case len(found.optedOut) > 0:
		fmt.Fprintln(o.out, "the opt-out of the address stays, so that no mail comes again; --with-opt-out removes it")
	}
}
