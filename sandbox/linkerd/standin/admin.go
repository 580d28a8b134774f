package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// serve listens at the pod's own address. The address may have been another pod's a moment ago.
func (p *proxy) serve() {
	for tries := 1; ; tries++ {
		listener, err := net.Listen("tcp", net.JoinHostPort(p.ip, p.adminPort))
		if err == nil {
			p.mu.Lock()
			p.listener = listener
			p.mu.Unlock()
			if p.ctx.Err() != nil {
				listener.Close()
			}
			break
		}
		if p.ctx.Err() != nil {
			return
		}
		if tries == 200 {
			slog.Error("cannot listen, and tries on", "pod", p.pod, "error", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.handle(conn)
	}
}

// hides: its admin port answers nobody, as behind a network policy.
func (m *mesh) hides(p *proxy) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return p.isAmong(m.faults.Unreachable)
}

const tlsHandshake = 0x16

// handle detects TLS by the first byte, as the admin port has done since 2.7 (linkerd/app/src/admin.rs).
func (p *proxy) handle(conn net.Conn) {
	defer conn.Close()
	if p.mesh.hides(p) {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
	stop := context.AfterFunc(p.ctx, func() { conn.Close() })
	defer stop()
	reader := bufio.NewReader(conn)
	first, err := reader.Peek(1)
	if err != nil {
		return
	}
	var stream net.Conn = &peekedConn{Conn: conn, reader: reader}
	if first[0] == tlsHandshake {
		server := tls.Server(stream, &tls.Config{GetConfigForClient: p.tlsConfig})
		if server.Handshake() != nil {
			return
		}
		stream = server
	}
	request, err := http.ReadRequest(bufio.NewReader(stream))
	if err != nil {
		return
	}
	p.respond(stream, request)
}

type peekedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *peekedConn) Read(b []byte) (int, error) { return c.reader.Read(b) }

func (p *proxy) respond(w io.Writer, request *http.Request) {
	status, body := http.StatusOK, ""
	switch {
	case request.URL.Path == "/live" && p.mesh.rules.live:
	case request.URL.Path == "/ready":
		if p.leaf.Load() == nil {
			status = http.StatusServiceUnavailable
		}
	case request.URL.Path == "/env.json" && p.mesh.rules.envJSON:
		body = p.envJSON(request.URL.RawQuery)
	case request.URL.Path == "/metrics" && p.mesh.rules.metrics.expires != "":
		body = p.metrics()
	default:
		status = http.StatusNotFound
	}
	fmt.Fprintf(w, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, http.StatusText(status), len(body), body)
}

// envJSON: `?NAME&NAME2` limits it (linkerd2-proxy linkerd/app/admin/src/server.rs).
func (p *proxy) envJSON(query string) string {
	env := p.env
	if query != "" {
		env = map[string]string{}
		for _, name := range strings.Split(query, "&") {
			if value, ok := p.env[name]; ok {
				env[name] = value
			}
		}
	}
	body, _ := json.Marshal(env)
	return string(body)
}

func (p *proxy) metrics() string {
	expires := int64(0)
	if leaf := p.leaf.Load(); leaf != nil {
		expires = leaf.chain[0].NotAfter.Unix()
	}
	names := p.mesh.rules.metrics
	return fmt.Sprintf("%s %d\n%s %d\n", names.expires, expires, names.refreshes, p.refreshes.Load())
}
