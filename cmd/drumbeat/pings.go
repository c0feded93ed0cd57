package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"drumbeat/internal/ping"
	"drumbeat/internal/web"
	"drumbeat/internal/worker"
)

// servePings tells the monitors of a worker's schedules, for as long as the process lives; log is the one of the config
// that is in force then.
func servePings(counts *web.Counts, log func() *slog.Logger) *ping.Pinger {
	return ping.New(func(schedule string, err error) {
		counts.Pinged(schedule, err)
		if err != nil {
			log().Warn("monitor not told", "schedule", schedule, "error", err)
		}
	})
}

// runAndPing runs jobs, and has told the monitors of their schedules when it returns. A monitor that cannot be told is
// no failure of the run, and shows on stderr.
func runAndPing(ctx context.Context, h *house, jobs []worker.Job, wait time.Duration, stderr io.Writer) ([]worker.Summary, error) {
	pings := ping.New(func(schedule string, err error) {
		if err != nil {
			_, _ = fmt.Fprintf(stderr, "drumbeat: schedule %s: %v\n", schedule, err)
		}
	})
	defer pings.Close()
	h.Process = &worker.Process{Pings: pings}
	return h.Run(ctx, jobs, wait)
}
