package main

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// serveControl tells what every part holds, and takes faults: for tests, and for looking.
func (m *mesh) serveControl(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { reply(w, m.status()) })
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) { reply(w, m.counts()) })
	mux.HandleFunc("GET /probe", func(w http.ResponseWriter, _ *http.Request) { reply(w, m.probe.status()) })
	mux.HandleFunc("POST /probe", m.changeProbe)
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		reply(w, m.faults)
	})
	mux.HandleFunc("PUT /faults", m.setFaults)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { slog.Error("control API ends", "error", server.Serve(listener)) }()
	return listener.Addr().String(), nil
}

func (m *mesh) setFaults(w http.ResponseWriter, r *http.Request) {
	var wanted faults
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	m.faults = wanted
	m.mu.Unlock()
	reply(w, wanted)
}

func (m *mesh) changeProbe(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Running *bool    `json:"running"`
		Rate    *float64 `json:"rate"`
		Reset   bool     `json:"reset"`
	}
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.probe.mu.Lock()
	if change.Running != nil {
		m.probe.running = *change.Running
	}
	if change.Rate != nil {
		m.probe.rate = *change.Rate
	}
	if change.Reset {
		m.probe.reset()
	}
	m.probe.mu.Unlock()
	reply(w, m.probe.status())
}

func (p *prober) status() map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return map[string]any{
		"running": p.running, "handshakes": p.done, "refused": p.refused, "closed": p.closed, "pairs": len(p.pairs),
		"since": p.since, "lastRefusals": append([]refusal{}, p.refusals...),
	}
}

func (m *mesh) status() map[string]any {
	proxies := []map[string]any{}
	for _, p := range m.liveProxies() {
		chain, notAfter := []string{}, ""
		if leaf := p.leaf.Load(); leaf != nil {
			chain, notAfter = fingerprints(leaf.chain), leaf.chain[0].NotAfter.Format(time.RFC3339)
		}
		proxies = append(proxies, map[string]any{
			"namespace": p.namespace, "pod": p.pod, "uid": p.uid, "ip": p.ip, "identity": p.identity, "ready": p.podReady.Load(),
			"anchors": fingerprints(p.anchors), "chain": chain, "leafNotAfter": notAfter, "startedAt": p.started,
			"refreshes": p.refreshes.Load(), "refreshErrors": p.failures.Load(),
		})
	}
	slices.SortFunc(proxies, func(a, b map[string]any) int {
		return strings.Compare(a["namespace"].(string)+a["pod"].(string), b["namespace"].(string)+b["pod"].(string))
	})
	identities, injectors := []map[string]any{}, []map[string]any{}
	m.mu.RLock()
	defer m.mu.RUnlock()
	for id, replica := range m.identities {
		replica.mu.RLock()
		entry := map[string]any{
			"pod": replica.pod, "anchors": fingerprints(replica.anchors), "issuer": fingerprints(replica.chain),
			"ready": m.proxies[id] != nil && m.proxies[id].podReady.Load(),
		}
		if replica.err != nil {
			entry["error"] = replica.err.Error()
		}
		replica.mu.RUnlock()
		identities = append(identities, entry)
	}
	for id, replica := range m.injectors {
		bundle := m.rules.bundle(m.objects.visible(m.rules.bundleObject(), replica.mount, m.options.kubeletLag, time.Now()))
		injectors = append(injectors, map[string]any{
			"pod": replica.pod, "anchors": fingerprints(tolerantCertificates(bundle)),
			"ready": m.proxies[id] != nil && m.proxies[id].podReady.Load(),
		})
	}
	return map[string]any{"version": m.options.version, "proxies": proxies, "identity": identities, "injectors": injectors}
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
