// Command drumbeat sends weekly digests about a sales pipeline: is the process followed, where do deals
// stand still, do forecasts come true. In go a config file, a process and a pipeline database; out go mails.
// It refuses a call, a config or an input that is wrong, with every fault at its place, before it does anything.
// Read root.go for the commands, wire.go for how the rooms meet, internal/worker for the flow.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // zones exist in a bare container too

	_ "golang.org/x/crypto/x509roots/fallback" // and so do authorities: used only where the system knows none
)

// version is the tag that this was built from, if any, and revision its commit where Go does not see the repository, as in an
// image: -ldflags "-X main.version=v1.2.0 -X main.revision=…".
var version, revision string

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel() // what is in flight ends in its own time
		<-signals
		fmt.Fprintln(os.Stderr, "drumbeat: ended at once by the second signal")
		os.Exit(exitFailed)
	}()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
