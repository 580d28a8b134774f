package main

import (
	"crypto/x509"
	"testing"
	"time"
)

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
