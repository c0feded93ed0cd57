package ledger

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"drumbeat/internal/dbtest"
)

// cut is where a proxy cuts a connection.
type cut int

const (
	nowhere      cut = iota
	beforeCommit     // the COMMIT does not arrive
	afterCommit      // the server has committed, and its answer is lost
	silence          // from the next message on nothing goes through, in either direction, and nobody hangs up
)

// proxy stands before a real Postgres and understands just enough of its protocol to cut where it hurts.
type proxy struct {
	dsn    string
	server string

	mu    sync.Mutex
	next  cut // for the next message or COMMIT that comes, once
	gone  bool
	conns []net.Conn
}

// newProxy starts a proxy before the server of a DSN, until the test ends.
func newProxy(t *testing.T, dsn string) *proxy {
	t.Helper()
	u := must(url.Parse(dsn))(t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	p := &proxy{server: u.Host}
	u.Host = listener.Addr().String()
	p.dsn = u.String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close() // nothing is left to be said to it
		p.hangUp(true)
		wg.Wait()
	})
	return p
}

// at sets where the next cut is to be.
func (p *proxy) at(c cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = c
}

// take says whether this is the place of the next cut, which then is used up.
func (p *proxy) take(c cut) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != c {
		return false
	}
	p.next = nowhere
	return true
}

// hangUp cuts every connection; while it is gone, those that come are cut too.
func (p *proxy) hangUp(gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = gone
	for _, c := range p.conns {
		_ = c.Close() // it may be closed already
	}
	p.conns = nil
}

// keep notes connections for hangUp; false when the server is gone.
func (p *proxy) keep(cs ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return false
	}
	p.conns = append(p.conns, cs...)
	return true
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.keep(client, server) {
		return
	}
	committed := make(chan bool, 1) // the server's next answer is to a COMMIT, and is not to be heard
	var wg sync.WaitGroup
	wg.Go(func() {
		defer client.Close()
		for {
			m, err := message(server, true)
			if err != nil {
				return
			}
			select {
			case <-committed:
				if m[0] == 'C' { // CommandComplete: it is done
					return
				}
				committed <- true
				continue
			default:
			}
			if _, err := client.Write(m); err != nil {
				return
			}
		}
	})
	defer wg.Wait()
	defer server.Close()
	for typed := false; ; typed = true {
		m, err := message(client, typed)
		if err != nil {
			return
		}
		commit := typed && (m[0] == 'Q' && string(m[5:]) == "COMMIT\x00" ||
			m[0] == 'P' && bytes.Contains(m, []byte("statement_timestamp()"))) // a statement that is a transaction by itself
		switch {
		case commit && p.take(beforeCommit):
			_ = client.Close()
			return
		case commit && p.take(afterCommit):
			committed <- true
		case typed && p.take(silence):
			_, _ = io.Copy(io.Discard, client) // until the client gives up
			return
		}
		if _, err := server.Write(m); err != nil {
			return
		}
	}
}

// message reads one message: a type, except for a client's first, a length that counts itself, and a body.
func message(from io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 5)
	if !typed {
		head = head[:4]
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
	_, err := io.ReadFull(from, body)
	return append(head, body...), err
}

// behindProxy gives a ledger that speaks to a fresh Postgres through a proxy, and one that speaks to it directly.
func behindProxy(t *testing.T) (l, direct *Ledger, p *proxy) {
	t.Helper()
	dsn := dbtest.Postgres(t)
	p = newProxy(t, dsn)
	return open(t, p.dsn), open(t, dsn), p
}
