package ledger

import (
	"context"
	"fmt"
)

// OptedOut is the reason of a delivery whose recipient opted out after it was planned.
const OptedOut = "opted out"

// OptOut records that the address wants no more digests of a kind; an empty kind is every kind. What is pending
// for it becomes skipped at once, and nothing that is planned for it later is ever claimed. A mail that is being
// sent at this moment cannot be called back.
func (l *Ledger) OptOut(ctx context.Context, address, kind string) error {
	return l.optout(ctx, address, kind, func(ctx context.Context, t *tx, a args) error {
		if _, err := t.exec(ctx, "optout_add", a); err != nil {
			return err
		}
		return t.skipOptedOut(ctx)
	})
}

// OptIn takes an opt-out of a kind back; an empty kind takes back everything that the address has said. An
// opt-out of every kind outlives an opt-in of one. What was skipped meanwhile stays so.
func (l *Ledger) OptIn(ctx context.Context, address, kind string) error {
	return l.optout(ctx, address, kind, func(ctx context.Context, t *tx, a args) error {
		_, err := t.exec(ctx, "optout_remove", a)
		return err
	})
}

func (l *Ledger) optout(ctx context.Context, address, kind string, do func(context.Context, *tx, args) error) error {
	address = NormalAddress(address)
	if address == "" || !storable(address) || !storable(kind) {
		return fmt.Errorf("ledger: opt-out: %q is no address, or %q no kind of digest", address, kind)
	}
	return l.write(ctx, "opt-out", func(ctx context.Context, t *tx) error {
		return do(ctx, t, args{"address": address, "kind": kind})
	})
}

func (t *tx) skipOptedOut(ctx context.Context) error {
	_, err := t.exec(ctx, "optout_skip", args{"reason": OptedOut})
	return err
}

// HasOptedOut says whether the address wants no digests of the kind, or none at all.
func (l *Ledger) HasOptedOut(ctx context.Context, address, kind string) (out bool, err error) {
	err = l.read(ctx, "read an opt-out", func(ctx context.Context, t *tx) error {
		return t.get(ctx, "optout_has", args{"address": NormalAddress(address), "kind": kind}, &out)
	})
	return out, err
}

// OptOuts gives the addresses that want no digests of the kind, in the form of NormalAddress, sorted by bytes;
// without a kind, all that ever opted out of anything.
func (l *Ledger) OptOuts(ctx context.Context, kind string) ([]string, error) {
	var addresses []string
	err := l.read(ctx, "read opt-outs", func(ctx context.Context, t *tx) error {
		addresses = nil
		return t.each(ctx, "optout_list", args{"kind": kind}, func(scan func(...any) error) error {
			var a string
			err := scan(&a)
			addresses = append(addresses, a)
			return err
		})
	})
	return addresses, err
}
