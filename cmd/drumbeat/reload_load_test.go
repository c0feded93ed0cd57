package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/dbtest"
	"drumbeat/internal/ledger"
)

// A hundred reloads, good and bad, during a run of 2,000 digests, of which 1,900 wait and 100 are yet to be made: by
// SIGHUP and by the files alone, saved in every way that editors and config maps have. Each is seen to be taken or refused; each digest arrives once, in the bytes that the
// ledger has; and when all is sent there is one worker left, the last one.
func TestAHundredReloadsDuringARunLoseNothingAndDoubleNothing(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		t.Parallel()
		const reloads = 100
		tr := newTrial(t, dsn, trialSize{reps: 95, weeks: 20, connections: 2, rate: "150/s"}, nil)
		var done atomic.Int64
		tr.recorded(19)
		tr.onDot = func(*mortal) { // the relay does not let the mails run ahead of the reloads
			for end := time.Now().Add(patience); done.Load() < reloads && int64(tr.post.distinct()) > done.Load()*19+100 && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
		}
		h := &hand{trial: tr, path: filepath.Join(tr.dir, "drumbeat.yaml")}
		h.must(os.Mkdir(filepath.Join(tr.dir, "broken"), 0o700))
		h.write(filepath.Join(tr.dir, "broken", "rep.html"), `{{define "main"}}{{if}}{{end}}`)
		p := tr.spawn(noDeath, 0, func(path string) []string {
			text, err := os.ReadFile(path)
			h.must(err)
			h.text = string(text)
			h.must(os.Rename(path, h.path))
			return []string{"reload-worker", "serve", "--config", h.path}
		})
		p.running()
		for i := range reloads {
			tr.until("mails go out between the reloads", func() bool { return tr.post.distinct() >= 15*i-150 }) // the first ones come while it plans
			h.reload(i, p)
			done.Add(1)
		}
		tr.allSent()
		h.lastOneLeft(p)
		p.stopped()
		if sum := tr.audit(); sum.digests != 2000 || sum.copies != sum.digests {
			t.Errorf("%d digests, of which the relay took %d copies", sum.digests, sum.copies)
		}
		if n := tr.logged("DATA RACE"); n > 0 {
			t.Errorf("%d data races", n)
		}
		if taken, want := tr.logged(`msg="config reloaded"`), reloads/2; taken < want { // more: a slow machine looked between a change and its SIGHUP
			t.Errorf("%d reloads were taken, want %d", taken, want)
		}
	})
}

// recorded lets the digests of the first weeks wait in the ledger, as an earlier worker left them: to make them takes
// the race detector minutes.
func (tr *trial) recorded(weeks int) {
	tr.t.Helper()
	for week := range weeks {
		for _, kind := range []struct {
			schedule, kind string
			every          int
		}{{"own", config.Rep, 1}, {"team", config.Manager, spell}} {
			mails := func(yield func(ledger.Delivery, error) bool) {
				for i := 0; i < tr.reps; i += kind.every {
					id := fmt.Sprintf("%s.%s.%s@example.com", kind.schedule, tr.period(week), repID(i))
					d := ledger.Delivery{Key: ledger.Key{Recipient: repEmail(i), RepID: repID(i)}, Kind: kind.kind, MessageID: id,
						Body: []byte("Message-Id: <" + id + ">\r\nSubject: Your week\r\n\r\n" + strings.Repeat("It went as it went.\r\n", 200))}
					if !yield(d, nil) {
						return
					}
				}
			}
			run := ledger.Run{Schedule: kind.schedule, Period: tr.period(week), Tick: tr.tick(week), AsOf: tr.tick(week).Truncate(24 * time.Hour), AdvanceTo: tr.tick(week)}
			if _, err := tr.ledger.PlanSeq(tr.t.Context(), run, mails); err != nil {
				tr.t.Fatal(err)
			}
		}
	}
}

// hand is the one that changes a config while a worker serves.
type hand struct {
	*trial
	path, text string
	swaps      int
}

// good are changes that show; each schedule keeps its day, so that no period is new.
var good = []func(text string) string{
	func(text string) string { return strings.Replace(text, "rate: 150/s", "rate: 200/s", 1) },
	func(text string) string { return strings.Replace(text, "connections: 2", "connections: 3", 1) },
	func(text string) string { return strings.Replace(text, `cron: "0 7 `, `cron: "0 9 `, 1) },
	func(text string) string { return strings.Replace(text, `cron: "0 7 `, `cron: "30 5 `, 2) },
	func(text string) string {
		return strings.Replace(text, "time_zone: UTC", "time_zone: Europe/Lisbon", 1)
	},
	func(text string) string { return text },
}

// bad are changes that cannot be taken, and what the log says of them.
var bad = []struct {
	change func(text string) string
	says   string
}{
	{func(text string) string { return strings.Replace(text, "schedules:", "schedules: [", 1) }, `close the bracket, and quote values with special characters`},
	{func(text string) string { return strings.Replace(text, "schedules:", "shedules:", 1) }, `unknown key; did you mean schedules?`},
	{func(text string) string { return strings.Replace(text, "process.yaml", "nowhere.yaml", 1) }, `nowhere.yaml cannot be read`},
	{func(text string) string { return text[:strings.Index(text, "schedules:")-20] }, `a mapping or list in one line that breaks off`},
	{func(text string) string { return "templates: broken\n" + text }, `broken/rep.html`},
	{func(text string) string { return "environment: another\n" + text }, `environment cannot change while Drumbeat runs`},
}

// reload changes the config once more and waits until it is seen to be taken, or to be refused.
func (h *hand) reload(i int, p *mortal) {
	h.t.Helper()
	text := fmt.Sprintf("%s# %d\n", good[i/2%len(good)](h.text), i)
	seen := ""
	if i%2 == 1 {
		b := bad[i/2%len(bad)]
		text, seen = b.change(h.text), b.says
	}
	before := 0
	if seen != "" {
		before = h.logged(seen)
	}
	ways := []func(string){h.inPlace, h.renamedOver, h.asVim, h.swapped}
	how := i / 2
	byItself := i%32 < 2 // without a SIGHUP
	if byItself {
		how = i / 32
	}
	ways[how%len(ways)](text)
	if seen == "" {
		cfg, faults := config.Load(h.path, os.LookupEnv)
		if len(faults) > 0 {
			h.t.Fatal(faults)
		}
		seen = `msg="config reloaded" config=` + cfg.Version
	}
	if !byItself {
		p.signal(syscall.SIGHUP)
	}
	h.until(fmt.Sprintf("reload %d: %s", i, seen), func() bool { return h.logged(seen) > before })
}

func (h *hand) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hand) write(name, text string) {
	h.t.Helper()
	h.must(os.WriteFile(name, []byte(text), 0o600))
}

func (h *hand) inPlace(text string) { h.write(h.path, text) }

func (h *hand) renamedOver(text string) {
	h.write(h.path+".new", text)
	h.must(os.Rename(h.path+".new", h.path))
}

func (h *hand) asVim(text string) {
	h.must(os.Rename(h.path, h.path+"~"))
	h.write(h.path, text)
}

// swapped does as a kubelet does with a config map: the files are links into a folder behind a link, which is swapped.
func (h *hand) swapped(text string) {
	dir, data := filepath.Dir(h.path), "..data"
	version := fmt.Sprintf("..v%d", h.swaps)
	h.swaps++
	h.must(os.Mkdir(filepath.Join(dir, version), 0o700))
	h.write(filepath.Join(dir, version, "drumbeat.yaml"), text)
	for _, link := range []struct{ to, name string }{{version, filepath.Join(dir, data)}, {data + "/drumbeat.yaml", h.path}} {
		h.must(os.Symlink(link.to, link.name+".tmp"))
		h.must(os.Rename(link.name+".tmp", link.name))
	}
}

// census is what a reload-worker says of itself when it is asked by SIGUSR1.
var census = regexp.MustCompile(`census: (\d+) goroutines, (\d+) of workers\n`)

// lastOneLeft demands that nothing is left of the workers of former configs.
func (h *hand) lastOneLeft(p *mortal) {
	h.t.Helper()
	h.until("the workers of all former configs have ended", func() bool {
		p.signal(syscall.SIGUSR1)
		time.Sleep(50 * time.Millisecond)
		log, err := os.ReadFile(h.logName())
		h.must(err)
		all := census.FindAllStringSubmatch(string(log), -1)
		if len(all) == 0 {
			return false
		}
		goroutines, err := strconv.Atoi(all[len(all)-1][1])
		h.must(err)
		return all[len(all)-1][2] == "1" && goroutines < 50
	})
}

// reloadWorker is the command of a child process: the program itself, which says how many goroutines it has when it is
// asked by SIGUSR1, and how many of them are a worker that serves.
func reloadWorker() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			stacks := make([]byte, 8<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			fmt.Fprintf(os.Stderr, "census: %d goroutines, %d of workers\n", runtime.NumGoroutine(), strings.Count(string(stacks), "worker.(*Worker).Serve("))
		}
	}()
	main()
}
