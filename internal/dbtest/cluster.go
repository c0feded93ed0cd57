package dbtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// cluster is one throw-away PostgreSQL server.
type cluster struct {
	dsn      string
	dir      string
	run      func(name string, args ...string) error // one of the server's programs, as its user
	watchdog *exec.Cmd
	lifeline io.Closer // the watchdog ends the server once this is closed, by us or by our death
}

// The server of this test binary, started by the first test that asks for one.
var (
	sharedOnce    sync.Once
	sharedCluster *cluster
	sharedErr     error
)

var errNoBinaries = errors.New("no PostgreSQL binaries")

// shared gives the DSN of the binary's server; found is false where PostgreSQL is not installed.
func shared() (dsn string, found bool, err error) {
	sharedOnce.Do(func() { sharedCluster, sharedErr = startCluster(forgetful) })
	if errors.Is(sharedErr, errNoBinaries) {
		return "", false, nil
	}
	if sharedErr != nil {
		return "", true, sharedErr
	}
	return sharedCluster.dsn, true, nil
}

func stopShared() {
	if sharedCluster != nil {
		sharedCluster.stop()
	}
}

// How much a server minds what it has answered for.
const (
	forgetful = "-c synchronous_commit=off" // fast; a server that is killed forgets its last commits
	faithful  = "-c synchronous_commit=on"
)

// startCluster makes a cluster in a temporary folder and starts its server on a free loopback port.
func startCluster(care string) (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	attr, owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "drumbeat-postgres-")
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attr
		cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	c := &cluster{dir: dir, run: run}
	if err := c.watch(bin, dir, attr); err != nil {
		return nil, err
	}
	password := randomHex(16)
	if err := initialise(run, bin, dir, password, owner); err != nil {
		c.stop()
		return nil, err
	}
	port, err := start(run, dir, care)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // best effort: it only explains err
		c.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("drumbeat", password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable"}
	c.dsn = u.String()
	return c, nil
}

// again starts a server that was stopped, with the port and the options that it had.
func (c *cluster) again() error {
	return c.run("pg_ctl", "-D", filepath.Join(c.dir, "data"), "-l", filepath.Join(c.dir, "log"), "-w", "restart")
}

// watch starts a shell that waits for the end of its standard input, which only this process holds open:
// however the test binary ends, the server ends too, and its folder goes.
func (c *cluster) watch(bin, dir string, attr *syscall.SysProcAttr) error {
	script := `cat >/dev/null; "$0/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$1"`
	c.watchdog = exec.Command("/bin/sh", "-c", script, bin, dir)
	own := *attr
	own.Setpgid = true // an interrupt at the terminal ends the tests, not their watchdog
	c.watchdog.SysProcAttr, c.watchdog.Dir = &own, dir
	lifeline, err := c.watchdog.StdinPipe()
	if err != nil {
		return err
	}
	c.lifeline = lifeline
	return c.watchdog.Start()
}

// stop ends the server and waits until it is gone.
func (c *cluster) stop() {
	_ = c.lifeline.Close()
	_ = c.watchdog.Wait()
}

func initialise(run func(string, ...string) error, bin, dir, password string, owner *syscall.Credential) error {
	pwfile := filepath.Join(dir, "password")
	if err := os.WriteFile(pwfile, []byte(password), 0o600); err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(pwfile, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	args := []string{"-D", filepath.Join(dir, "data"), "-U", "drumbeat", "--pwfile", pwfile,
		"-A", "scram-sha-256", "--encoding=UTF8", "--no-sync"}
	major, err := majorVersion(bin)
	if err != nil {
		return err
	}
	if major >= 15 { // a C collation would hide a missing COLLATE "C"; older ones know ICU per column only
		args = append(args, "--locale-provider=icu", "--icu-locale=en-US")
	}
	return run("initdb", args...)
}

// start tries several ports: between finding a free one and taking it another process may come first.
func start(run func(string, ...string) error, dir, care string) (port int, err error) {
	for range 5 {
		if port, err = freePort(); err != nil {
			return 0, err
		}
		options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"+
			" -c full_page_writes=off -c shared_buffers=64MB -c max_connections=200 %s", port, care)
		err = run("pg_ctl", "-D", filepath.Join(dir, "data"), "-l", filepath.Join(dir, "log"), "-o", options, "-w", "start")
		if err == nil {
			return port, nil
		}
	}
	return 0, err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// binaries finds the newest PostgreSQL server: Debian keeps it outside PATH, by version.
func binaries() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // fails for a bad pattern only
	sort.Slice(dirs, func(i, j int) bool { return versionIn(dirs[i]) > versionIn(dirs[j]) })
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, dir := range dirs {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "pg_ctl")) &&
			executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errNoBinaries
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func versionIn(bindir string) int {
	v, _ := strconv.Atoi(filepath.Base(filepath.Dir(bindir))) // what is no version sorts last
	return v
}

func majorVersion(bin string) (int, error) {
	out, err := exec.Command(filepath.Join(bin, "initdb"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("initdb --version: %w", err)
	}
	m := regexp.MustCompile(`\d+`).Find(out)
	if m == nil {
		return 0, fmt.Errorf("initdb --version says %q", out)
	}
	return strconv.Atoi(string(m))
}

// unprivileged gives the attributes of the server's processes: PostgreSQL refuses to run as root.
func unprivileged() (*syscall.SysProcAttr, *syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, nil, err
		}
		cred := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return &syscall.SysProcAttr{Credential: cred}, cred, nil
	}
	return nil, nil, errors.New("run as root, and there is no user postgres or nobody to run it as")
}
