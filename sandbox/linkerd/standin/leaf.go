package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"time"
)

type credentials struct {
	chain       []*x509.Certificate
	certificate tls.Certificate
}

// keepLeaf gets the first leaf and renews it at 70 % of what remains after each attempt, a failed one included
// (linkerd2-proxy linkerd/proxy/identity-client/src/certify.rs).
func (p *proxy) keepLeaf() {
	for first := 100 * time.Millisecond; ; {
		err := p.refresh()
		if err != nil {
			p.failures.Add(1)
			slog.Warn("Failed to obtain identity", "pod", p.namespace+"/"+p.pod, "error", err.Error())
		}
		wait := first
		if leaf := p.leaf.Load(); leaf != nil {
			wait = renewIn(time.Until(leaf.chain[0].NotAfter), p.mesh.options.minRefresh)
		} else {
			first = min(first*2, 2*time.Second)
		}
		select {
		case <-p.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

const maxRefresh = 24 * time.Hour

func renewIn(remaining, least time.Duration) time.Duration {
	return min(max(remaining*7/10, least), maxRefresh)
}

func (p *proxy) refresh() error {
	replica, err := p.identityReplica()
	if err != nil {
		return err
	}
	if p.mesh.refuses(p) {
		return errors.New("identity refuses this proxy (fault)")
	}
	chain, err := replica.certify(p.identity, p.namespace, &p.key.PublicKey)
	if err != nil {
		return err
	}
	// a new leaf is validated with the proxy's own anchors before it is used; else the old one stays
	// (linkerd2-proxy linkerd/meshtls/src/creds/store.rs validate)
	if err := verifyAsProxy(chain, p.anchors, p.identity, time.Now()); err != nil {
		return fmt.Errorf("certificate from identity is not trusted: %w", err)
	}
	raw := make([][]byte, 0, len(chain))
	for _, cert := range chain {
		raw = append(raw, cert.Raw)
	}
	had := p.leaf.Swap(&credentials{chain: chain, certificate: tls.Certificate{Certificate: raw, PrivateKey: p.key}})
	p.refreshes.Add(1)
	if had == nil {
		go p.tellKubelet()
	}
	return nil
}

func (m *mesh) refuses(p *proxy) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return p.isAmong(m.faults.RefuseLeafFor)
}

// isAmong takes prefixes of `namespace/pod`.
func (p *proxy) isAmong(prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(p.namespace+"/"+p.pod, prefix) {
			return true
		}
	}
	return false
}

// identityReplica: identity's own proxy speaks to its own process over localhost; every other makes an mTLS connection
// to the proxy in front of a replica, where a certified proxy presents its leaf.
func (p *proxy) identityReplica() (*identity, error) {
	p.mesh.mu.RLock()
	own := p.mesh.identities[p.namespace+"/"+p.pod+"/"+p.uid]
	var gates []*proxy
	for id := range p.mesh.identities {
		if gate := p.mesh.proxies[id]; gate != nil && gate.leaf.Load() != nil {
			gates = append(gates, gate)
		}
	}
	p.mesh.mu.RUnlock()
	if own != nil {
		return own, nil
	}
	if len(gates) == 0 {
		return nil, errors.New("no identity replica")
	}
	gate := gates[mathrand.IntN(len(gates))]
	if err := p.connect(p.ctx, gate); err != nil {
		return nil, fmt.Errorf("connection to identity: %w", err)
	}
	p.mesh.mu.RLock()
	defer p.mesh.mu.RUnlock()
	replica := p.mesh.identities[gate.namespace+"/"+gate.pod+"/"+gate.uid]
	if replica == nil {
		return nil, errors.New("the identity replica has gone")
	}
	return replica, nil
}
