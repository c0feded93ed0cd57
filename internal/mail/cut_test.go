package mail

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/mail/mailbox"
)

// cutter is a proxy before a server. It cuts the next connection where it is told to, and no other.
type cutter struct {
	listener net.Listener
	server   string
	client   atomic.Int64  // octets that the client may still say, and
	answers  atomic.Int64  // the server; what is beyond is lost, and the connection with it
	ended    chan [2]int64 // octets of each that went through, when the server has dealt with all that it got
}

const whole = 1 << 30

func startCutter(t testing.TB, server string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	c := &cutter{listener: listener, server: server, ended: make(chan [2]int64, 100)}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go c.carry(client.(*net.TCPConn), c.client.Swap(whole), c.answers.Swap(whole))
		}
	}()
	return c
}

func (c *cutter) carry(client *net.TCPConn, said, answered int64) {
	conn, err := net.Dial("tcp", c.server)
	if err != nil {
		_ = client.Close()
		return
	}
	server := conn.(*net.TCPConn)
	answers := make(chan int64)
	go func() {
		n, _ := io.CopyN(client, server, answered)
		_ = client.Close()
		_, _ = io.Copy(io.Discard, server)
		answers <- n
	}()
	n, _ := io.CopyN(server, client, said)
	_ = client.Close()
	_ = server.CloseWrite() // and not Close: the server is to read what it got
	c.ended <- [2]int64{n, <-answers}
	_ = server.Close()
}

// Fault 25: the line is cut after each octet of what the client says, and after each of what the server says. What
// the client makes of it is never wrong: a mail that goes again was not taken, or may have been and is known as that.
func TestACutAtEveryOctet(t *testing.T) {
	raw := []byte("Subject: x\r\n\r\n.\r\n..two\r\nend\r\n")
	box, cfg := startBox(t, mailbox.Options{})
	proxy := startCutter(t, box.Addr())
	cfg.Port = proxy.listener.Addr().(*net.TCPAddr).Port
	sender := senderTo(t, cfg)
	// talk sends one mail over a line that is cut, and says how many copies the server has of it.
	talk := func(client, answers int64) (r Result, copies int, through [2]int64) {
		had := len(box.Messages())
		proxy.client.Store(client)
		proxy.answers.Store(answers)
		c := &Conn{sender: sender}
		r = c.Send(t.Context(), from, to, raw, always)
		c.Close()
		through = <-proxy.ended
		return r, len(box.Messages()) - had, through
	}
	r, copies, all := talk(whole, whole)
	if r.Outcome != Sent || copies != 1 || all[0] < 100 || all[1] < 100 {
		t.Fatalf("uncut: %+v, %d copies, %d octets", r, copies, all)
	}
	seen := map[Outcome]int{}
	check := func(who string, at int64, r Result, copies int) {
		seen[r.Outcome]++
		switch {
		case r.Outcome == Permanent, r.Outcome == Sent && copies != 1, copies > 1,
			(r.Outcome == Relay || r.Outcome == Temporary) && copies != 0:
			t.Fatalf("cut after %d octets of the %s: %+v, and the server has %d copies", at, who, r, copies)
		}
		if r.Outcome == Sent {
			return
		}
		if r, again, _ := talk(whole, whole); r.Outcome != Sent || again != 1 {
			t.Fatalf("cut after %d octets of the %s, and sent again: %+v", at, who, r)
		}
	}
	for at := range all[0] {
		r, copies, _ := talk(at, whole)
		check("client", at, r, copies)
	}
	for at := range all[1] {
		r, copies, _ := talk(whole, at)
		check("server", at, r, copies)
	}
	for _, o := range []Outcome{Sent, Temporary, Unknown, Relay} {
		if seen[o] == 0 {
			t.Errorf("no cut was %s", o)
		}
	}
	for _, m := range box.Messages() {
		if string(m.Data) != string(raw) {
			t.Fatalf("the server got %q", m.Data)
		}
	}
}

// Fault 27: whoever gives up before the server's last word sends twice; ten minutes of patience are what RFC 5321
// asks for.
func TestASlowLastWordIsWaitedForAsLongAsTheStandardSays(t *testing.T) {
	raw := build(t, weekly())
	for delay, want := range map[time.Duration]Outcome{2 * time.Second: Sent, time.Minute: Sent, 9 * time.Minute: Sent, 11 * time.Minute: Unknown} {
		t.Run(delay.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pipes := mailbox.NewPipes()
				box, cfg := startBox(t, mailbox.Options{Listener: pipes, Script: func(e mailbox.Event) mailbox.Fault {
					if e.Step == mailbox.Dot {
						return mailbox.Fault{Delay: delay}
					}
					return mailbox.Fault{}
				}})
				cfg.Dial = pipes.Dial
				c := &Conn{sender: NewSender(cfg, quiet)}
				r := c.Send(t.Context(), from, to, raw, always)
				c.Close()
				time.Sleep(delay)
				if r.Outcome != want || len(box.Messages()) != 1 {
					t.Errorf("%+v, %d copies", r, len(box.Messages()))
				}
			})
		})
	}
}
