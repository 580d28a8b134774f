package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// errRefused marks a verdict on trust, by whichever side.
type errRefused struct {
	side string
	err  error
}

func (e errRefused) Error() string { return e.side + ": " + e.err.Error() }

// connect makes a mutually verified connection to another proxy and asks it something, because in TLS 1.3 a client
// learns the server's verdict on its certificate only with the first data.
func (p *proxy) connect(ctx context.Context, q *proxy) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(q.ip, q.adminPort))
	if err != nil {
		return err
	}
	defer raw.Close()
	deadline, _ := ctx.Deadline()
	_ = raw.SetDeadline(deadline)
	var verdict error
	client := tls.Client(raw, &tls.Config{
		ServerName: q.identity, InsecureSkipVerify: true, MinVersion: p.mesh.rules.minTLS, MaxVersion: p.mesh.rules.maxTLS,
		VerifyPeerCertificate: func(certs [][]byte, _ [][]*x509.Certificate) error {
			verdict = p.verify(certs, q.identity)
			return verdict
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if leaf := p.leaf.Load(); leaf != nil {
				return &leaf.certificate, nil
			}
			return &tls.Certificate{}, nil
		},
	})
	if err := client.HandshakeContext(ctx); err != nil {
		if verdict != nil {
			return errRefused{"client", verdict}
		}
		return serverVerdict(err)
	}
	if _, err := io.WriteString(client, "GET /live HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"); err != nil {
		return serverVerdict(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(client), nil); err != nil {
		return serverVerdict(err)
	}
	return nil
}

// serverVerdict: the alerts with which a server refuses a client certificate.
func serverVerdict(err error) error {
	for _, alert := range []string{"bad certificate", "unknown certificate authority", "certificate unknown", "expired certificate"} {
		if strings.Contains(err.Error(), "remote error: tls: "+alert) {
			return errRefused{"server", err}
		}
	}
	return err
}

func (p *proxy) verify(raw [][]byte, name string) error {
	chain := make([]*x509.Certificate, 0, len(raw))
	for _, der := range raw {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		chain = append(chain, cert)
	}
	return verifyAsProxy(chain, p.anchors, name, time.Now())
}

var errForeign = errors.New("foreign TLS")

// tlsConfig: only for its own name and once certified; a client certificate is asked for, and if there is one it must
// lead to an anchor (linkerd/meshtls/src/creds/store.rs server_config).
func (p *proxy) tlsConfig(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	leaf := p.leaf.Load()
	if leaf == nil || hello.ServerName != p.identity {
		return nil, errForeign
	}
	return &tls.Config{
		Certificates: []tls.Certificate{leaf.certificate}, ClientAuth: tls.RequestClientCert, SessionTicketsDisabled: true,
		MinVersion: p.mesh.rules.minTLS, MaxVersion: p.mesh.rules.maxTLS,
		VerifyPeerCertificate: func(certs [][]byte, _ [][]*x509.Certificate) error {
			if len(certs) == 0 {
				return nil
			}
			return p.verify(certs, "")
		},
	}, nil
}
