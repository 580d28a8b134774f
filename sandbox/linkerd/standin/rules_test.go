package main

import "testing"

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
