package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

type spec struct {
	name         string
	subject      []byte // DER; of name when empty
	notCA        bool
	pathLen      int // -1: none
	before, till time.Duration
	key          *ecdsa.PrivateKey
}

func issue(t *testing.T, parent *authority, s spec) authority {
	t.Helper()
	key := s.key
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	till := s.till
	if till == 0 {
		till = time.Hour
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: s.name}, RawSubject: s.subject,
		NotBefore: time.Now().Add(-time.Minute - s.before), NotAfter: time.Now().Add(till),
		BasicConstraintsValid: true, IsCA: !s.notCA, MaxPathLen: s.pathLen, MaxPathLenZero: s.pathLen == 0,
	}
	if s.notCA {
		template.DNSNames, template.MaxPathLen = []string{s.name}, -1
	}
	signer := authority{cert: template, key: key}
	if parent != nil {
		signer = *parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert: cert, key: key}
}

func pemOf(authorities ...authority) string {
	var out strings.Builder
	for _, a := range authorities {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	}
	return out.String()
}

func keyPEM(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func certs(authorities ...authority) []*x509.Certificate {
	var out []*x509.Certificate
	for _, a := range authorities {
		out = append(out, a.cert)
	}
	return out
}

func TestChainsAreBuiltAsProxiesDo(t *testing.T) {
	oldRoot, newRoot := issue(t, nil, spec{name: "root", pathLen: -1}), issue(t, nil, spec{name: "root", pathLen: -1})
	issuer := issue(t, &oldRoot, spec{name: "issuer", pathLen: 0})
	cross := issue(t, &newRoot, spec{name: "issuer", pathLen: 0, key: issuer.key})
	leaf := issue(t, &issuer, spec{name: "pod", notCA: true})
	printable := issue(t, &newRoot, spec{
		subject: []byte{0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x06, 'i', 's', 's', 'u', 'e', 'r'},
		pathLen: 0, key: issuer.key,
	})
	expiredRoot := issue(t, nil, spec{name: "late", pathLen: -1, before: 2 * time.Hour, till: -time.Hour})
	underExpired := issue(t, &expiredRoot, spec{name: "pod", notCA: true})
	expiredIssuer := issue(t, &newRoot, spec{name: "issuer", pathLen: 0, key: issuer.key, before: 2 * time.Hour, till: -time.Hour})
	deep := issue(t, &issuer, spec{name: "deep", pathLen: -1})
	deepLeaf := issue(t, &deep, spec{name: "pod", notCA: true})
	leafAsIssuer := issue(t, &authority{cert: leaf.cert, key: leaf.key}, spec{name: "pod", notCA: true})

	for name, c := range map[string]struct {
		chain, anchors []*x509.Certificate
		want           string
	}{
		"through its issuer":                                 {certs(leaf, issuer), certs(oldRoot), ""},
		"not under another root of the same name":            {certs(leaf, issuer), certs(newRoot), "unknown issuer"},
		"through the second certificate of the issuer's key": {certs(leaf, issuer, cross), certs(newRoot), ""},
		"through it whatever the order":                      {certs(leaf, cross, issuer), certs(oldRoot), ""},
		"not through one whose name is another string type":  {certs(leaf, issuer, printable), certs(newRoot), "unknown issuer"},
		"an anchor has no expiry":                            {certs(underExpired), certs(expiredRoot), ""},
		"an intermediate has":                                {certs(leaf, expiredIssuer), certs(newRoot), "unknown issuer"},
		"a path longer than allowed":                         {certs(deepLeaf, deep, issuer), certs(oldRoot), "unknown issuer"},
		"an intermediate must be a CA":                       {certs(leafAsIssuer, leaf, issuer), certs(oldRoot), "unknown issuer"},
		"without its intermediate":                           {certs(leaf), certs(oldRoot), "unknown issuer"},
		"of nothing":                                         {nil, certs(oldRoot), "no certificate"},
		"directly under an anchor that is the issuer itself": {certs(leaf), certs(issuer), ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := verifyAsProxy(c.chain, c.anchors, "pod", time.Now())
			if (err == nil) != (c.want == "") || (err != nil && err.Error() != c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
	if err := verifyAsProxy(certs(leaf, issuer), certs(oldRoot), "other", time.Now()); err == nil {
		t.Fatal("a certificate for another name was taken")
	}
	if err := verifyAsProxy(certs(leaf, issuer), certs(oldRoot), "pod", time.Now().Add(2*time.Hour)); err == nil {
		t.Fatal("an expired leaf was taken")
	}
}

func TestPEMIsReadAsTheControlPlaneAndTheProxyDo(t *testing.T) {
	a, b := issue(t, nil, spec{name: "a", pathLen: -1}), issue(t, nil, spec{name: "b", pathLen: -1})
	other := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte("x")}))
	for name, c := range map[string]struct {
		text             string
		strict, tolerant int // strict -1: an error
	}{
		"two":                             {pemOf(a, b), 2, 2},
		"no final newline":                {strings.TrimSuffix(pemOf(a), "\n"), 1, 1},
		"one blank line too many":         {pemOf(a) + "\n", -1, 1},
		"a comment at the end":            {pemOf(a) + "# mine\n", -1, 1},
		"text before a block":             {"mine\n" + pemOf(a), 1, 1},
		"a block of another kind ends it": {pemOf(a) + other + pemOf(b), 1, 2},
		"empty":                           {"", -1, 0},
		"carriage returns":                {strings.ReplaceAll(pemOf(a), "\n", "\r\n"), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			strict, err := strictCertificates(c.text)
			if (c.strict < 0) != (err != nil) || (err == nil && len(strict) != c.strict) {
				t.Errorf("strict: %d, %v", len(strict), err)
			}
			if tolerant := tolerantCertificates(c.text); len(tolerant) != c.tolerant {
				t.Errorf("tolerant: %d", len(tolerant))
			}
		})
	}
}

func TestMountsLagBehind(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	history := []version{{map[string]string{"v": "1"}, at(0)}, {map[string]string{"v": "2"}, at(10)}, {map[string]string{"v": "3"}, at(20)}}
	for name, c := range map[string]struct {
		mount mount
		now   int
		want  string
	}{
		"what was there at the start":       {mount{started: at(5)}, 6, "1"},
		"not before the lag is over":        {mount{started: at(5)}, 12, "1"},
		"after the lag":                     {mount{started: at(5)}, 13, "2"},
		"a later pod sees the newest":       {mount{started: at(20)}, 20, "3"},
		"a frozen one never changes":        {mount{started: at(5), frozen: true}, 90, "1"},
		"a stale start sees the one before": {mount{started: at(11), staleFor: time.Minute}, 12, "1"},
		"until it ends":                     {mount{started: at(11), staleFor: time.Second}, 30, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := visible(history, c.mount, 3*time.Second, at(c.now))["v"]; got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestRenewalAtSeventyPercent(t *testing.T) {
	for remaining, want := range map[time.Duration]time.Duration{
		24 * time.Hour: 16*time.Hour + 48*time.Minute, time.Second: 10 * time.Second, 100 * time.Hour: 24 * time.Hour, -time.Hour: 10 * time.Second,
	} {
		if got := renewIn(remaining, 10*time.Second); got != want {
			t.Errorf("%v: got %v, want %v", remaining, got, want)
		}
	}
}

func testMesh(t *testing.T, version string) *mesh {
	t.Helper()
	return newMesh(fake.NewClientset(), options{namespace: "linkerd", version: version, minRefresh: time.Second}, versions[version])
}

func mounted(m *mesh, roots string, issuer string, key string) {
	m.objects.seen("ConfigMap/"+trustRoots, map[string]string{"ca-bundle.crt": roots})
	m.objects.seen("Secret/"+issuerSecret, map[string]string{"crt.pem": issuer, "key.pem": key})
}

func startedIdentity(t *testing.T, m *mesh) *identity {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "identity-0", Namespace: "linkerd"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name: "identity", Args: []string{"-identity-issuance-lifetime=1h0m0s"},
	}}}}
	i := newIdentity(m, pod, mount{started: time.Now()})
	t.Cleanup(i.stop)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		i.mu.RLock()
		done := i.chain != nil || i.err != nil
		i.mu.RUnlock()
		if done {
			return i
		}
	}
	t.Fatal("identity did not start")
	return nil
}

func TestIdentityChecksAgainstTheAnchorsOfItsStart(t *testing.T) {
	m := testMesh(t, "2.20")
	oldRoot, newRoot := issue(t, nil, spec{name: "root", pathLen: -1}), issue(t, nil, spec{name: "root2", pathLen: -1})
	oldIssuer, newIssuer := issue(t, &oldRoot, spec{name: "issuer", pathLen: 0}), issue(t, &newRoot, spec{name: "issuer", pathLen: 0})
	mounted(m, pemOf(oldRoot), pemOf(oldIssuer), keyPEM(t, oldIssuer.key))
	i := startedIdentity(t, m)
	leafKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	issuedUnder := func() *x509.Certificate {
		chain, err := i.certify("a.b.serviceaccount.identity.linkerd.cluster.local", "b", &leafKey.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		return chain[1]
	}
	if issuedUnder() != i.chain[0] || !issuedUnder().Equal(oldIssuer.cert) {
		t.Fatal("not the issuer it loaded")
	}

	// the bundle gains the new root, and the Secret the new issuer: the pool of the start decides, so it is skipped
	mounted(m, pemOf(oldRoot, newRoot), pemOf(newIssuer), keyPEM(t, newIssuer.key))
	i.reload()
	if !issuedUnder().Equal(oldIssuer.cert) {
		t.Fatal("took an issuer that its anchors do not verify")
	}
	restarted := startedIdentity(t, m)
	if !restarted.chain[0].Equal(newIssuer.cert) {
		t.Fatal("a restart did not load the new bundle")
	}

	// a key that does not fit is skipped as well
	mounted(m, pemOf(oldRoot, newRoot), pemOf(oldIssuer), keyPEM(t, newIssuer.key))
	restarted.reload()
	if !restarted.chain[0].Equal(newIssuer.cert) {
		t.Fatal("took a certificate without its key")
	}
}

func TestLeavesEndWithTheirIssuersChain(t *testing.T) {
	m := testMesh(t, "2.20")
	root := issue(t, nil, spec{name: "root", pathLen: -1})
	issuer := issue(t, &root, spec{name: "issuer", pathLen: 0, till: 10 * time.Minute})
	mounted(m, pemOf(root), pemOf(issuer), keyPEM(t, issuer.key))
	i := startedIdentity(t, m)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	chain, err := i.certify("a", "b", &key.PublicKey)
	if err != nil || !chain[0].NotAfter.Equal(issuer.cert.NotAfter) {
		t.Fatalf("%v %v", err, chain)
	}
}

func proxyAt(t *testing.T, m *mesh, ip, name string, anchors []*x509.Certificate, chain ...authority) *proxy {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	leaf := issue(t, &chain[0], spec{name: name, notCA: true})
	raw := [][]byte{leaf.cert.Raw}
	for _, cert := range chain {
		raw = append(raw, cert.cert.Raw)
	}
	p := &proxy{mesh: m, pod: name, ip: ip, identity: name, anchors: anchors, ctx: ctx, cancel: cancel, env: map[string]string{}}
	p.leaf.Store(&credentials{chain: append(certs(leaf), certs(chain...)...), certificate: tls.Certificate{Certificate: raw, PrivateKey: leaf.key}})
	go p.serve()
	t.Cleanup(p.stop)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", net.JoinHostPort(ip, adminPort)); err == nil {
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

func TestInjection(t *testing.T) {
	m := testMesh(t, "2.20")
	m.namespaceSeen(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "in", Annotations: map[string]string{"linkerd.io/inject": "enabled"}}})
	pod := func(change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}, Labels: map[string]string{}}}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		pod       *corev1.Pod
		namespace string
		want      bool
	}{
		"by its namespace":         {pod(func(*corev1.Pod) {}), "in", true},
		"not elsewhere":            {pod(func(*corev1.Pod) {}), "out", false},
		"by itself":                {pod(func(p *corev1.Pod) { p.Annotations["linkerd.io/inject"] = "ingress" }), "out", true},
		"the pod has the say":      {pod(func(p *corev1.Pod) { p.Annotations["linkerd.io/inject"] = "disabled" }), "in", false},
		"never on the host's net":  {pod(func(p *corev1.Pod) { p.Spec.HostNetwork = true }), "in", false},
		"never twice":              {pod(func(p *corev1.Pod) { p.Spec.Containers = []corev1.Container{{Name: "linkerd-proxy"}} }), "in", false},
		"never a native one twice": {pod(func(p *corev1.Pod) { p.Spec.InitContainers = []corev1.Container{{Name: "linkerd-proxy"}} }), "in", false},
		"never the control plane":  {pod(func(p *corev1.Pod) { p.Labels[componentLabel] = "identity" }), "in", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := m.wanted(c.pod, c.namespace); got != c.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestBundlesAreWhereEachLayoutHasThem(t *testing.T) {
	for version, files := range map[string]map[string]string{
		"2.7":  {"global": `{"identityContext": {"trustAnchorsPem": "PEM"}}`},
		"2.9":  {"values": "identityTrustAnchorsPEM: no\nglobal:\n  identityTrustAnchorsPEM: PEM\n"},
		"2.10": {"values": "identityTrustAnchorsPEM: PEM\nglobal:\n  identityTrustAnchorsPEM: no\n"},
		"2.11": {"ca-bundle.crt": "PEM", "values": "identityTrustAnchorsPEM: no\n"},
		"2.20": {"ca-bundle.crt": "PEM", "values": "identityTrustAnchorsPEM: no\n"},
	} {
		if got := versions[version].bundle(files); got != "PEM" {
			t.Errorf("%s: got %q", version, got)
		}
	}
}

func TestLeavesAreNamedByTheDigestOfTheVersion(t *testing.T) {
	for version, length := range map[string]int{"2.11": 32, "2.14": 64} {
		if got := versions[version].leafDigest([]byte("leaf")); len(got) != length {
			t.Errorf("%s: got %q", version, got)
		}
	}
}

func TestOldVersionsAreStricterAboutIssuers(t *testing.T) {
	root := issue(t, nil, spec{name: "root", pathLen: -1})
	named := issue(t, &root, spec{name: "identity.linkerd.cluster.local", pathLen: 0})
	unnamed := issue(t, &root, spec{name: "someone else", pathLen: 0})
	pkcs8 := func(a authority) string {
		der, err := x509.MarshalPKCS8PrivateKey(a.key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	for name, c := range map[string]struct {
		version string
		issuer  authority
		key     string
		taken   bool
	}{
		"its own name, SEC1":           {"2.7", named, keyPEM(t, named.key), true},
		"another name":                 {"2.7", unnamed, keyPEM(t, unnamed.key), false},
		"PKCS#8":                       {"2.7", named, pkcs8(named), false},
		"another name, later":          {"2.10", unnamed, keyPEM(t, unnamed.key), true},
		"PKCS#8, later":                {"2.10", unnamed, pkcs8(unnamed), true},
		"another name and PKCS#8, now": {"2.20", unnamed, pkcs8(unnamed), true},
	} {
		t.Run(name, func(t *testing.T) {
			m := testMesh(t, c.version)
			i := &identity{mesh: m, name: "identity.linkerd.cluster.local", scheme: "linkerd.io/tls", anchors: certs(root)}
			mounted(m, pemOf(root), pemOf(c.issuer), c.key)
			if _, _, err := i.load(); (err == nil) != c.taken {
				t.Fatalf("got %v", err)
			}
		})
	}
}
