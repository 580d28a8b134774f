package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"
)

func proxyAt(t *testing.T, m *mesh, ip, name string, anchors []*x509.Certificate, chain ...authority) *proxy {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	leaf := issue(t, &chain[0], spec{name: name, notCA: true})
	raw := [][]byte{leaf.cert.Raw}
	for _, cert := range chain {
		raw = append(raw, cert.cert.Raw)
	}
	p := &proxy{mesh: m, pod: name, ip: ip, adminPort: strconv.Itoa(defaultAdminPort), identity: name, anchors: anchors, ctx: ctx, cancel: cancel, env: map[string]string{}}
	p.leaf.Store(&credentials{chain: append(certs(leaf), certs(chain...)...), certificate: tls.Certificate{Certificate: raw, PrivateKey: leaf.key}})
	go p.serve()
	t.Cleanup(p.stop)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", net.JoinHostPort(ip, p.adminPort)); err == nil {
			conn.Close()
			return p
		}
	}
	t.Fatal("does not listen")
	return nil
}

func TestHandshakesAreRefusedByWhicheverSideCannotVerify(t *testing.T) {
	for _, version := range []string{"2.7", "2.20"} {
		t.Run(version, func(t *testing.T) {
			m := testMesh(t, version)
			oldRoot, newRoot := issue(t, nil, spec{name: "root", pathLen: -1}), issue(t, nil, spec{name: "root2", pathLen: -1})
			a := issue(t, &oldRoot, spec{name: "issuer", pathLen: 0})
			cross := issue(t, &newRoot, spec{name: "issuer", pathLen: 0, key: a.key})
			b := issue(t, &newRoot, spec{name: "issuer2", pathLen: 0})
			onlyOld := proxyAt(t, m, "127.77.0.1", "old", certs(oldRoot), a)
			both := proxyAt(t, m, "127.77.0.2", "both", certs(oldRoot, newRoot), b)
			bridged := proxyAt(t, m, "127.77.0.3", "bridged", certs(newRoot), a, cross)
			for name, c := range map[string]struct {
				from, to *proxy
				side     string
			}{
				"client does not know the server's root": {onlyOld, both, "client"},
				"server does not know the client's root": {both, onlyOld, "server"},
				"a leaf that carries both, to the old":   {bridged, onlyOld, "client"},
				"both trust both":                        {both, bridged, ""},
				"and back":                               {bridged, both, ""},
			} {
				t.Run(name, func(t *testing.T) {
					err := c.from.connect(context.Background(), c.to)
					var refused errRefused
					if errors.As(err, &refused) != (c.side != "") || refused.side != c.side {
						t.Fatalf("got %v, want side %q", err, c.side)
					}
				})
			}
		})
	}
}
