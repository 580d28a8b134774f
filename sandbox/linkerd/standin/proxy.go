package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const adminPort = "4191"

// proxy is the linkerd-proxy of one pod: its environment and anchors are fixed at its start.
type proxy struct {
	mesh      *mesh
	namespace string
	pod       string
	uid       string
	ip        string
	component string
	env       map[string]string
	identity  string
	anchors   []*x509.Certificate
	key       *ecdsa.PrivateKey // made once; renewals reuse it
	started   time.Time
	ctx       context.Context
	cancel    context.CancelFunc
	podReady  atomic.Bool
	leaf      atomic.Pointer[credentials]
	refreshes atomic.Int64
	failures  atomic.Int64

	mu       sync.Mutex
	listener net.Listener
}

type credentials struct {
	chain       []*x509.Certificate
	certificate tls.Certificate
}

func newProxy(m *mesh, pod *corev1.Pod) *proxy {
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{
		mesh: m, namespace: pod.Namespace, pod: pod.Name, uid: string(pod.UID), ip: pod.Status.PodIP,
		component: pod.Labels[componentLabel], started: time.Now(), ctx: ctx, cancel: cancel,
	}
	p.env = m.environment(pod)
	p.identity = p.env["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"]
	p.anchors = tolerantCertificates(p.env[anchorsVariable])
	p.podReady.Store(podReady(pod))
	return p
}

var reference = regexp.MustCompile(`\$\(([^)]+)\)`)

// environment resolves env as the kubelet does at container creation; the last occurrence of a name counts.
func (m *mesh) environment(pod *corev1.Pod) map[string]string {
	env := map[string]string{}
	for _, variable := range proxyContainer(pod).Env {
		value := variable.Value
		if from := variable.ValueFrom; from != nil {
			value = m.resolve(pod, from)
		}
		env[variable.Name] = reference.ReplaceAllStringFunc(value, func(match string) string {
			if known, ok := env[match[2:len(match)-1]]; ok {
				return known
			}
			return match
		})
	}
	return env
}

func (m *mesh) resolve(pod *corev1.Pod, from *corev1.EnvVarSource) string {
	if from.ConfigMapKeyRef != nil {
		return m.objects.current("ConfigMap/" + from.ConfigMapKeyRef.Name)[from.ConfigMapKeyRef.Key]
	}
	if from.FieldRef == nil {
		return ""
	}
	switch from.FieldRef.FieldPath {
	case "metadata.name":
		return pod.Name
	case "metadata.namespace":
		return pod.Namespace
	case "metadata.uid":
		return string(pod.UID)
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName
	case "status.podIP":
		return pod.Status.PodIP
	}
	return ""
}

func (p *proxy) run() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		slog.Error("no key", "pod", p.pod, "error", err)
		return
	}
	p.key = key
	go p.serve()
	p.keepLeaf()
}

func (p *proxy) stop() {
	p.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
	}
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
	for _, prefix := range m.faults.RefuseLeafFor {
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
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(q.ip, adminPort))
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

// serve listens at the pod's own address. The address may have been another pod's a moment ago.
func (p *proxy) serve() {
	for tries := 0; ; tries++ {
		listener, err := net.Listen("tcp", net.JoinHostPort(p.ip, adminPort))
		if err == nil {
			p.mu.Lock()
			p.listener = listener
			p.mu.Unlock()
			if p.ctx.Err() != nil {
				listener.Close()
			}
			break
		}
		if tries == 200 || p.ctx.Err() != nil {
			slog.Error("cannot listen", "pod", p.pod, "error", err)
			return
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

const tlsHandshake = 0x16

// handle detects TLS by the first byte, as the admin port has done since 2.7 (linkerd/app/src/admin.rs).
func (p *proxy) handle(conn net.Conn) {
	defer conn.Close()
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

// tellKubelet lets kwok mark the pod ready: the real kubelet would ask /ready.
func (p *proxy) tellKubelet() {
	patch := []byte(`{"metadata":{"annotations":{"` + readyAnnotation + `":"ready"}}}`)
	for tries := 0; tries < 20 && p.ctx.Err() == nil; tries++ {
		_, err := p.mesh.client.CoreV1().Pods(p.namespace).Patch(p.ctx, p.pod, types.MergePatchType, patch, metav1.PatchOptions{})
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
