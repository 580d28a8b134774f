package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

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

func testMesh(t *testing.T, version string) *mesh {
	t.Helper()
	return newMesh(fake.NewClientset(), options{namespace: "linkerd", version: version, minRefresh: time.Second}, versions[version])
}

func mounted(m *mesh, roots string, issuer string, key string) {
	m.objects.seen("ConfigMap/"+trustRoots, map[string]string{"ca-bundle.crt": roots})
	m.objects.seen("Secret/"+issuerSecret, map[string]string{"crt.pem": issuer, "key.pem": key})
}
