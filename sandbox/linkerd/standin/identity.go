package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
)

// identity is one replica of the identity controller (linkerd2 controller/cmd/identity, pkg/identity/service.go).
type identity struct {
	mesh     *mesh
	pod      string
	mount    mount
	ownCopy  string // layouts B and C
	lifetime time.Duration
	skew     time.Duration
	scheme   string
	name     string
	recorder record.EventRecorder
	events   record.EventBroadcaster
	frozen   bool

	mu      sync.RWMutex
	anchors []*x509.Certificate // loaded once, at start
	chain   []*x509.Certificate // issuer first
	key     *ecdsa.PrivateKey
	serial  int64
	err     error
	stopped bool
}

func newIdentity(m *mesh, pod *corev1.Pod, mount mount) *identity {
	broadcaster := record.NewBroadcaster() // one per process: events are counted per replica
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: m.client.CoreV1().Events("")})
	i := &identity{
		mesh: m, pod: pod.Name, mount: mount, ownCopy: ownCopy(pod), events: broadcaster,
		recorder: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "linkerd-identity"}),
		lifetime: 24 * time.Hour, skew: 20 * time.Second, scheme: "linkerd.io/tls", name: "identity." + m.options.namespace + ".cluster.local",
	}
	for _, prefix := range m.faults.FrozenIssuerMounts {
		i.frozen = i.frozen || strings.HasPrefix(pod.Name, prefix)
	}
	for _, container := range pod.Spec.Containers {
		for _, arg := range container.Args {
			i.argument(arg)
		}
	}
	go i.start()
	return i
}

func (i *identity) argument(arg string) {
	name, value, _ := strings.Cut(arg, "=")
	switch name {
	case "-identity-issuance-lifetime":
		if d, err := time.ParseDuration(value); err == nil {
			i.lifetime = d
		}
	case "-identity-clock-skew-allowance":
		if d, err := time.ParseDuration(value); err == nil {
			i.skew = d
		}
	case "-identity-scheme":
		i.scheme = value
	case "-identity-trust-domain":
		i.name = "identity." + i.mesh.options.namespace + "." + value
	}
}

// start loads anchors and issuer; a failure is fatal to the process, which the kubelet then starts again. No event.
func (i *identity) start() {
	for wait := 100 * time.Millisecond; ; wait = min(wait*2, 5*time.Second) {
		i.mu.Lock()
		if i.stopped {
			i.mu.Unlock()
			return
		}
		i.configure()
		anchors, err := strictCertificates(i.bundle())
		if err == nil {
			i.anchors = anchors
			i.chain, i.key, err = i.load()
		}
		i.err = err
		i.mu.Unlock()
		if err == nil {
			return
		}
		slog.Warn("Failed to initialize identity service", "pod", i.pod, "error", err)
		time.Sleep(wait)
	}
}

func (i *identity) stop() {
	i.mu.Lock()
	i.stopped = true
	i.mu.Unlock()
	// what is in the queue still goes out, as it would within a pod's grace period
	time.AfterFunc(time.Second, i.events.Shutdown)
}

// configure reads the settings that layout A has in its mounted document and nowhere else.
func (i *identity) configure() {
	if i.mesh.rules.layout != "A" {
		return
	}
	context := globalOf(i.files(i.mesh.rules.bundleObject())).IdentityContext
	for name, value := range map[string]string{
		"issuance-lifetime": context.IssuanceLifetime, "clock-skew-allowance": context.ClockSkewAllowance,
		"scheme": context.Scheme, "trust-domain": context.TrustDomain,
	} {
		i.argument("-identity-" + name + "=" + value)
	}
}

// bundle is what the process reads at its start: its own argument or variable (2.9, 2.10), else a mounted file.
func (i *identity) bundle() string {
	if i.ownCopy != "" {
		return i.ownCopy
	}
	return i.mesh.rules.bundle(i.files(i.mesh.rules.bundleObject()))
}

// files are the mounted ones. A stale start concerns the trust roots alone.
func (i *identity) files(name string) map[string]string {
	m := i.mount
	if name != i.mesh.rules.bundleObject() {
		m = mount{started: m.started, frozen: i.frozen}
	}
	return i.mesh.objects.visible(name, m, i.mesh.lag(), time.Now())
}

// load reads and checks the issuer against the anchors loaded at start (pkg/identity/service.go loadCredentials).
func (i *identity) load() ([]*x509.Certificate, *ecdsa.PrivateKey, error) {
	crt, key := "crt.pem", "key.pem"
	if i.scheme == "kubernetes.io/tls" {
		crt, key = "tls.crt", "tls.key"
	}
	files := i.files("Secret/" + issuerSecret)
	chain, err := strictCertificates(files[crt])
	if err != nil {
		return nil, nil, err
	}
	private, err := parseECKey(files[key], i.mesh.rules.pkcs8)
	if err != nil {
		return nil, nil, err
	}
	if !private.PublicKey.Equal(chain[0].PublicKey) {
		return nil, nil, errors.New("tls: Public and private key do not match")
	}
	if err := i.verify(chain, i.anchors); err != nil {
		return nil, nil, fmt.Errorf("failed to verify issuer credentials for '%s' with trust anchors: %w", i.name, err)
	}
	if i.mesh.rules.issuerMustBeCA && !chain[0].IsCA {
		return nil, nil, errors.New("failed to verify issuer certificate: it must be an intermediate-CA, but it is not")
	}
	return chain, private, nil
}

// verify is Go's own, at the current time: an expired root or issuer fails here although proxies would take it.
func (i *identity) verify(chain, anchors []*x509.Certificate) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, anchor := range anchors {
		roots.AddCert(anchor)
	}
	for _, cert := range chain[1:] {
		intermediates.AddCert(cert)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates}
	if i.mesh.rules.issuerNameChecked && len(chain[0].DNSNames) > 0 {
		options.DNSName = i.name
	} else if i.mesh.rules.issuerNameChecked && chain[0].Subject.CommonName != i.name {
		// the toolchains of that time (Go 1.13, 1.14) fell back to the common name
		return fmt.Errorf("x509: certificate is valid for %s, not %s", chain[0].Subject.CommonName, i.name)
	}
	_, err := chain[0].Verify(options)
	return err
}

// reload follows a change of the mounted Secret (pkg/tls/creds_watcher.go).
func (i *identity) reload() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stopped || i.frozen || i.chain == nil {
		return
	}
	chain, key, err := i.load()
	deployment := &corev1.ObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "linkerd-identity", Namespace: i.mesh.options.namespace}
	if err != nil {
		message := "Skipping issuer update as certs could not be read from disk: " + err.Error()
		i.recorder.Event(deployment, corev1.EventTypeWarning, "IssuerUpdateSkipped", message)
		slog.Warn(message, "pod", i.pod)
		return
	}
	i.chain, i.key, i.serial = chain, key, 0
	i.recorder.Event(deployment, corev1.EventTypeNormal, "IssuerUpdated", "Updated identity issuer")
}

// certify signs a leaf (pkg/identity/service.go Certify, pkg/tls/ca.go createTemplate): issuer against pool and clock
// first; not after the earliest end in the issuer's own chain; serial numbers count from one at every load.
func (i *identity) certify(name, namespace string, public *ecdsa.PublicKey) ([]*x509.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stopped || i.chain == nil {
		return nil, errors.New("identity is not serving")
	}
	if err := i.verify(i.chain, i.anchors); err != nil {
		deployment := &corev1.ObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "linkerd-identity", Namespace: i.mesh.options.namespace}
		if i.mesh.rules.validationEvents {
			i.recorder.Event(deployment, corev1.EventTypeWarning, "IssuerValidationFailed", fmt.Sprintf("%v - CSR Identity : %s", err, name))
		}
		return nil, err
	}
	i.serial++
	now := time.Now()
	notAfter := now.Add(i.lifetime + i.skew)
	for _, cert := range i.chain {
		if cert.NotAfter.Before(notAfter) {
			notAfter = cert.NotAfter
		}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(i.serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-i.skew), NotAfter: notAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.chain[0], public, i.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	i.mesh.signed.Add(1)
	if !i.mesh.rules.leafEvents {
		return append([]*x509.Certificate{leaf}, i.chain...), nil
	}
	account := &corev1.ObjectReference{APIVersion: "v1", Kind: "ServiceAccount", Name: strings.Split(name, ".")[0], Namespace: namespace}
	i.recorder.Event(account, corev1.EventTypeNormal, "IssuedLeafCertificate",
		fmt.Sprintf("issued certificate for %s until %s: %s", name, notAfter, i.mesh.rules.leafDigest(der)))
	return append([]*x509.Certificate{leaf}, i.chain...), nil
}
