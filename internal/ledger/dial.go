package ledger

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// dialer makes connections that give up on a server which falls silent in the middle of an answer. The time
// must be longer than callTimeout, at which the driver asks the server to stop and waits for it to say so; a
// peer that is gone for good, without so much as a FIN, would keep the driver waiting for ever.
type dialer struct{ silence time.Duration }

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d dialer) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: callTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &impatient{Conn: c, silence: d.silence}, nil
}

// impatient is a connection on which each read and each write has the deadline of its dialer, unless the driver
// has set one of its own (it does while it connects). Nothing reads from a connection that is idle.
type impatient struct {
	net.Conn
	silence time.Duration
	set     atomic.Bool
}

func (c *impatient) SetDeadline(t time.Time) error {
	c.set.Store(!t.IsZero())
	return c.Conn.SetDeadline(t)
}

func (c *impatient) Read(b []byte) (int, error) {
	if !c.set.Load() {
		if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(b)
}

func (c *impatient) Write(b []byte) (int, error) {
	if !c.set.Load() {
		if err := c.SetWriteDeadline(time.Now().Add(c.silence)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}
