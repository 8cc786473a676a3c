// A kubelet double: the API server asks it for logs, port forwards and commands of pods that are local processes.
//
//	kubelet PODS.json ADDRESS CERT KEY
//
// PODS.json is read anew for each request:
//
//	{"NAMESPACE/POD": {"ports": {"15000": "127.0.0.1:PORT"}, "logs": {"CONTAINER": "FILE"}, "previous": {"CONTAINER": "FILE"},
//	 "exec": {"CONTAINER": "PROGRAM"}}}
//
// A log's lines begin with their time, as a runtime writes them (RFC 3339 with nine digits, a space); it is taken off
// unless timestamps are asked for. PROGRAM gets the command's words as arguments.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

type pod struct {
	Ports    map[string]string
	Logs     map[string]string
	Previous map[string]string
	Exec     map[string]string
}

func pods() (all map[string]pod) {
	b, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		log.Print(err)
	}
	return all
}

// -- logs

// The lines of a file from the last n on (n < 0: all), none older than since.
func copyLines(w io.Writer, f *os.File, n int, since time.Time, stamped bool) {
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	var lines []string
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	if n >= 0 && n < len(lines) {
		lines = lines[len(lines)-n:]
	}
	for _, line := range lines {
		writeLine(w, line, since, stamped)
	}
}

func writeLine(w io.Writer, line string, since time.Time, stamped bool) {
	stamp, text, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err == nil && at.Before(since) {
		return
	}
	if !stamped {
		line = text
	}
	io.WriteString(w, line+"\n")
}

// Lines that come after the end, also those of a file that takes its place; until the pod is gone, or its container has
// another file (it was started again).
func follow(w http.ResponseWriter, r *http.Request, pod, container, path string, f *os.File, stamped bool) {
	at, _ := f.Seek(0, io.SeekCurrent)
	rest := ""
	for r.Context().Err() == nil && pods()[pod].Logs[container] == path {
		time.Sleep(5 * time.Millisecond)
		now, err := os.Stat(path)
		was, _ := f.Stat()
		b := make([]byte, 1<<16)
		k, _ := f.ReadAt(b, at)
		at += int64(k)
		rest += string(b[:k])
		for i := strings.IndexByte(rest, '\n'); i >= 0; i = strings.IndexByte(rest, '\n') {
			writeLine(w, rest[:i], time.Time{}, stamped)
			rest = rest[i+1:]
		}
		w.(http.Flusher).Flush()
		if k == 0 && err == nil && !os.SameFile(now, was) {
			if next, err := os.Open(path); err == nil {
				f.Close()
				f, at, rest = next, 0, ""
			}
		}
	}
}

type limited struct {
	to   http.ResponseWriter
	left int64
}

func (l *limited) Write(b []byte) (int, error) {
	if int64(len(b)) > l.left {
		b = b[:l.left]
	}
	l.left -= int64(len(b))
	return l.to.Write(b)
}

func containerLogs(w http.ResponseWriter, r *http.Request) {
	s := strings.Split(r.URL.Path, "/")
	q := r.URL.Query()
	p, there := pods()[s[2]+"/"+s[3]]
	if !there {
		http.Error(w, "pod does not exist", http.StatusNotFound)
		return
	}
	files := p.Logs
	if q.Get("previous") == "true" {
		files = p.Previous
	}
	path, there := files[s[4]]
	f, err := os.Open(path)
	if err != nil {
		what := "container"
		if q.Get("previous") == "true" {
			what = "previous terminated container"
		}
		http.Error(w, fmt.Sprintf("%s %q in pod %q not found", what, s[4], s[3]), http.StatusBadRequest)
		return
	}
	defer f.Close()
	n, since, stamped := -1, time.Time{}, q.Get("timestamps") == "true"
	if v, err := strconv.Atoi(q.Get("tailLines")); err == nil {
		n = v
	}
	if v, err := strconv.Atoi(q.Get("sinceSeconds")); err == nil {
		since = time.Now().Add(-time.Duration(v) * time.Second)
	}
	if v, err := time.Parse(time.RFC3339, q.Get("sinceTime")); err == nil {
		since = v
	}
	var to io.Writer = w
	if v, err := strconv.ParseInt(q.Get("limitBytes"), 10, 64); err == nil {
		to = &limited{w, v}
	}
	copyLines(to, f, n, since, stamped)
	w.(http.Flusher).Flush()
	if q.Get("follow") == "true" {
		follow(w, r, s[2]+"/"+s[3], s[4], path, f, stamped)
	}
}

// -- ports and commands

type forwarder struct{ p pod }

func (f forwarder) PortForward(ctx context.Context, name, uid string, port int32, stream io.ReadWriteCloser) error {
	to, there := f.p.Ports[fmt.Sprint(port)]
	if !there {
		return fmt.Errorf("error forwarding port %d to pod %s, uid : connection refused", port, name)
	}
	c, err := net.Dial("tcp", to)
	if err != nil {
		return err
	}
	defer c.Close()
	go io.Copy(c, stream)
	_, err = io.Copy(stream, c)
	return err
}

func portForward(w http.ResponseWriter, r *http.Request) {
	s := strings.Split(r.URL.Path, "/")
	o, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(w, r, forwarder{pods()[s[2]+"/"+s[3]]}, s[3], "", o, time.Hour, 30*time.Second,
		portforward.SupportedProtocols)
}

type executor struct{ p pod }

func (x executor) ExecInContainer(ctx context.Context, name string, uid string, container string, cmd []string,
	in io.Reader, out, err io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, timeout time.Duration) error {
	program, there := x.p.Exec[container]
	if !there {
		return fmt.Errorf("container %q has no programs", container)
	}
	c := exec.CommandContext(ctx, program, cmd...)
	c.Stdin, c.Stdout, c.Stderr = in, out, err
	return c.Run()
}

func execIn(w http.ResponseWriter, r *http.Request) {
	s := strings.Split(r.URL.Path, "/")
	o, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeExec(w, r, executor{pods()[s[2]+"/"+s[3]]}, s[3], "", s[4], r.URL.Query()["command"], o, time.Hour,
		30*time.Second, remotecommand.SupportedStreamingProtocols)
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/containerLogs/", containerLogs)
	mux.HandleFunc("/portForward/", portForward)
	mux.HandleFunc("/exec/", execIn)
	log.Fatal(http.ListenAndServeTLS(os.Args[2], os.Args[3], os.Args[4], mux))
}
