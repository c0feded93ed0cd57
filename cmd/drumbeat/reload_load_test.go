package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/dbtest"
	"drumbeat/internal/fault"
	"drumbeat/internal/ledger"
)

// A hundred reloads, good and bad, during a run of 2,000 digests, of which 1,900 wait and 100 are yet to be made: by
// SIGHUP and by the files alone, saved in every way that editors and config maps have. Each is seen to be taken or
// refused, and nothing else is; each digest arrives once, in the bytes that the ledger has; and when all is sent there is
// one worker left, the last one.
func TestAHundredReloadsDuringARunLoseNothingAndDoubleNothing(t *testing.T) {
	t.Parallel()
	dbtest.Both(t, func(t *testing.T, dsn string) {
		t.Parallel()
		const reloads = 100
		tr := newTrial(t, dsn, trialSize{reps: 95, weeks: 20, connections: 2, rate: "300/s"}, nil)
		var done atomic.Int64
		tr.recorded(19)
		tr.onDot = func(*mortal) { // the relay does not let the mails run ahead of the reloads
			for end := time.Now().Add(patience); done.Load() < reloads && int64(tr.post.distinct()) > done.Load()*19+100 && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
		}
		h := &hand{trial: tr, path: filepath.Join(tr.dir, "drumbeat.yaml"), want: map[string]bool{}, refused: map[string][]string{}}
		h.must(os.Mkdir(filepath.Join(tr.dir, "broken"), 0o700))
		h.write(filepath.Join(tr.dir, "broken", "rep.html"), `{{define "main"}}{{if}}{{end}}`)
		p := tr.spawn(noDeath, 0, func(path string) []string {
			text, err := os.ReadFile(path)
			h.must(err)
			h.text = string(text)
			h.must(os.Rename(path, h.path))
			var faults fault.List
			h.first, faults = config.Load(h.path, os.LookupEnv)
			h.must(faults.Err())
			return []string{"reload-worker", "serve", "--config", h.path}
		})
		p.running()
		for i := range reloads {
			tr.until("mails go out between the reloads", func() bool { return tr.post.distinct() >= 17*i-170 }) // the first ones come while it plans
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
		h.nothingElse(reloads)
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
	first      *config.Config      // that the worker begins with
	want       map[string]bool     // what the log has to say
	refused    map[string][]string // of a config that cannot be taken
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

// bad are changes that cannot be taken.
var bad = []func(text string) string{
	func(text string) string { return strings.Replace(text, "schedules:", "schedules: [", 1) },
	func(text string) string { return strings.Replace(text, "schedules:", "shedules:", 1) },
	func(text string) string { return strings.Replace(text, "process.yaml", "nowhere.yaml", 1) },
	func(text string) string { return text[:strings.Index(text, "schedules:")-20] },
	func(text string) string { return "templates: broken\n" + text },
	func(text string) string { return "environment: another\n" + text },
}

// reload changes the config once more and waits until it is seen to be taken, or to be refused. A good one is known by its
// version, which no other has; a bad one by what is said of it once more: another one of its kind comes only when a good
// one was taken in between, after which nobody reads the former any more.
func (h *hand) reload(i int, p *mortal) {
	h.t.Helper()
	text := fmt.Sprintf("%s# %d\n", good[i/2%len(good)](h.text), i)
	if i%2 == 1 {
		text = bad[i/2%len(bad)](h.text)
	}
	ways := []func(string){h.inPlace, h.renamedOver, h.asVim, h.swapped}
	how := i / 2
	byItself := i%32 < 2 // without a SIGHUP
	if byItself {
		how = i / 32
	}
	says := h.verdict(text, i%2 == 0)
	for _, line := range says {
		h.want[line] = true
	}
	before := h.logged(says[0])
	ways[how%len(ways)](text)
	if !byItself {
		p.signal(syscall.SIGHUP)
	}
	h.until(fmt.Sprintf("reload %d: %s", i, says[0]), func() bool { return h.logged(says[0]) > before })
}

// verdict is what the log is to say of a config: which one it is, or all that is wrong with it.
func (h *hand) verdict(text string, isGood bool) (says []string) {
	h.t.Helper()
	if said := h.refused[text]; said != nil {
		return said
	}
	inForce, log := *h.first, slog.New(slog.DiscardHandler)
	inForce.Path = h.path + ".aside"
	h.write(inForce.Path, text)
	if isGood {
		cfg, faults := config.Load(inForce.Path, os.LookupEnv)
		h.must(faults.Err())
		return []string{`msg="config reloaded" config=` + cfg.Version}
	}
	t := take(h.t.Context(), &inForce, func(ctx context.Context, cfg *config.Config) (*house, error) { return furnish(ctx, cfg, log) })
	t.drop(log)
	if t.why == nil {
		h.t.Fatalf("nothing is wrong with\n%s", text)
	}
	for _, line := range faultLines(t.why) {
		says = append(says, "fault="+strconv.Quote(strings.ReplaceAll(line, inForce.Path, h.path)))
	}
	h.refused[text] = says
	return says
}

// verdicts are all that a log says of changed configs.
var verdicts = regexp.MustCompile(`msg="config reloaded" config=\S+|fault="(?:[^"\\]|\\.)*"`)

// nothingElse demands that the log says of each change what it has to, and of nothing else: no half of a config was taken.
func (h *hand) nothingElse(reloads int) {
	h.t.Helper()
	log, err := os.ReadFile(h.logName())
	h.must(err)
	said, taken := map[string]bool{}, 0
	for _, verdict := range verdicts.FindAllString(string(log), -1) {
		if !said[verdict] && strings.HasPrefix(verdict, "msg=") {
			taken++
		}
		said[verdict] = true
	}
	if !maps.Equal(said, h.want) || taken != reloads/2 {
		h.t.Errorf("%d configs were taken, want %d; said: %v\nwant: %v", taken, reloads/2, slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(h.want)))
	}
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
