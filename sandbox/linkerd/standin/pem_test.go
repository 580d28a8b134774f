package main

import (
	"encoding/pem"
	"strings"
	"testing"
)

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
