package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
	if signed := m.counts()["leavesSigned"]; signed != 1 {
		t.Fatalf("counted %d leaves", signed)
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
