package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/worker"
)

// The named points of the way from a tick to a mail, in their order: moments at which a process may die. At those of
// seenByRelay the relay kills it, at the others it does so itself.
const (
	midPlan    = "in the middle of the plan"
	planned    = "after the plan"
	claimed    = "after the claim"
	saidMail   = "at MAIL"
	midData    = "in DATA, before the dot"
	afterDot   = "after the dot, before the 250"
	answering  = "with the answer on its way"
	beforeMark = "before the mark"
	marked     = "after the mark"
	anyMoment  = "at any moment"
	noDeath    = ""

	// Those who only fall asleep there, until they are woken.
	sleepBeforeDot = "asleep before the dot"
	sleepBehindDot = "asleep behind the dot"
)

// asleep says at which point a sleeper falls asleep.
var asleep = map[string]string{sleepBeforeDot: midData, sleepBehindDot: beforeMark}

var points = []string{midPlan, planned, claimed, saidMail, midData, afterDot, answering, beforeMark, marked}

var seenByRelay = map[string]bool{saidMail: true, afterDot: true, answering: true}

// crashWorker is the command of a child process: the worker that serve runs, on a lease of its own length, which dies
// at the nth passing of a point: crash-worker CONFIG LEASE POINT N. Nothing of this is in the program itself: the
// points are where its worker touches ledger and relay.
func crashWorker() {
	if err := doomedWorker(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	}
}

func doomedWorker(path, lease, point, nth string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := loadConfig(path, true)
	if err != nil {
		return err
	}
	log := newLogger(os.Stderr, cfg)
	h, err := openHouse(ctx, cfg, string(cfg.State.DSN), log)
	if err != nil {
		return err
	}
	if h.Lease, err = time.ParseDuration(lease); err != nil {
		return err
	}
	n, err := strconv.Atoi(nth)
	if err != nil {
		return err
	}
	end := &end{point: point}
	end.left.Store(int64(n))
	h.Ledger = doomedLedger{h.Ledger, end}
	connect := h.Connect
	h.Connect = func(ctx context.Context) (worker.Conn, error) {
		conn, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		return doomedConn{conn, end}, nil
	}
	log.Info("worker started", "pid", os.Getpid()) // as serve says it
	h.Serve(ctx)
	return h.Close()
}

// end is when a process dies, if it does.
type end struct {
	point string
	left  atomic.Int64 // times that it may still pass the point, the last of which it does not survive
}

// at is called at each point.
func (e *end) at(point string) {
	if point != e.point && point != asleep[e.point] || e.left.Add(-1) != 0 {
		return
	}
	if asleep[e.point] != "" {
		awake := make(chan os.Signal, 1)
		signal.Notify(awake, syscall.SIGCONT)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // which takes hold of all threads in its own time
		<-awake
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // death may take a moment
}

// doomedLedger passes the points around the ledger.
type doomedLedger struct {
	worker.Ledger
	end *end
}

func (l doomedLedger) PlanSeq(ctx context.Context, run ledger.Run, deliveries iter.Seq2[ledger.Delivery, error]) (int, error) {
	n, err := l.Ledger.PlanSeq(ctx, run, func(yield func(ledger.Delivery, error) bool) {
		for d, err := range deliveries {
			l.end.at(midPlan)
			if !yield(d, err) {
				return
			}
		}
	})
	if err == nil {
		l.end.at(planned)
	}
	return n, err
}

func (l doomedLedger) Claim(ctx context.Context, c ledger.Claim) (*ledger.Delivery, error) {
	d, err := l.Ledger.Claim(ctx, c)
	if d != nil {
		l.end.at(claimed)
	}
	return d, err
}

func (l doomedLedger) Mark(ctx context.Context, d *ledger.Delivery, r ledger.Result) error {
	if r.State != ledger.Sent {
		return l.Ledger.Mark(ctx, d, r)
	}
	l.end.at(beforeMark)
	err := l.Ledger.Mark(ctx, d, r)
	l.end.at(marked)
	return err
}

// doomedConn passes the point between the body and the final dot, where the worker asks whether the mail is still its own.
type doomedConn struct {
	worker.Conn
	end *end
}

func (c doomedConn) Send(ctx context.Context, from, to string, message []byte, clear func() error) mail.Result {
	return c.Conn.Send(ctx, from, to, message, func() error {
		c.end.at(midData)
		return clear()
	})
}
