package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// strictCertificates reads PEM as the control plane does (linkerd2 pkg/tls/codec.go DecodePEMCertificates): a block of
// another kind silently ends it, and anything left over after the last block is an error.
func strictCertificates(text string) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	rest := []byte(text)
	for len(rest) > 0 {
		block, remaining := pem.Decode(rest)
		if block == nil {
			return nil, errors.New("not a PEM certificate")
		}
		rest = remaining
		if block.Type != "CERTIFICATE" {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("no certificates found")
	}
	return certs, nil
}

// tolerantCertificates reads anchors as the proxy does: what cannot be parsed is skipped.
func tolerantCertificates(text string) []*x509.Certificate {
	var certs []*x509.Certificate
	for rest := []byte(text); ; {
		block, remaining := pem.Decode(rest)
		if block == nil {
			return certs
		}
		rest = remaining
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			certs = append(certs, cert)
		}
	}
}

func parseECKey(text string, pkcs8 bool) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no private key found")
	}
	switch block.Type {
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		if !pkcs8 {
			break
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		if ec, ok := key.(*ecdsa.PrivateKey); ok {
			return ec, nil
		}
	}
	return nil, fmt.Errorf("unsupported block type: %q", block.Type)
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

func fingerprints(certs []*x509.Certificate) []string {
	out := make([]string, 0, len(certs))
	for _, cert := range certs {
		out = append(out, fingerprint(cert.Raw))
	}
	return out
}
