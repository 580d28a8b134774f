package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

const mostIntermediates = 6

// verifyAsProxy decides as the proxies do (rustls-webpki, linkerd2-proxy linkerd/meshtls): names are compared as DER
// bytes, every intermediate that fits is tried, anchors count by name and key alone and have no expiry.
func verifyAsProxy(chain, anchors []*x509.Certificate, name string, now time.Time) error {
	if len(chain) == 0 {
		return errors.New("no certificate")
	}
	leaf := chain[0]
	if name != "" && !slices.Contains(leaf.DNSNames, name) {
		return fmt.Errorf("certificate is for %v, not %s", leaf.DNSNames, name)
	}
	if err := inValidity(leaf, now); err != nil {
		return err
	}
	if !climb([]*x509.Certificate{leaf}, chain[1:], anchors, now) {
		return errors.New("unknown issuer")
	}
	return nil
}

func climb(path, intermediates, anchors []*x509.Certificate, now time.Time) bool {
	last := path[len(path)-1]
	for _, anchor := range anchors {
		if issuedBy(anchor, last) {
			return true
		}
	}
	if len(path) > mostIntermediates {
		return false
	}
	for _, candidate := range intermediates {
		if slices.Contains(path, candidate) || !mayIssue(candidate, len(path)-1, now) || !issuedBy(candidate, last) {
			continue
		}
		if climb(append(slices.Clone(path), candidate), intermediates, anchors, now) {
			return true
		}
	}
	return false
}

func mayIssue(cert *x509.Certificate, below int, now time.Time) bool {
	if !cert.BasicConstraintsValid || !cert.IsCA || inValidity(cert, now) != nil {
		return false
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0 {
		return false
	}
	limited := cert.MaxPathLen > 0 || (cert.MaxPathLen == 0 && cert.MaxPathLenZero)
	return !limited || cert.MaxPathLen >= below
}

func issuedBy(issuer, subject *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, subject.RawIssuer) {
		return false
	}
	return issuer.CheckSignature(subject.SignatureAlgorithm, subject.RawTBSCertificate, subject.Signature) == nil
}

func inValidity(cert *x509.Certificate, now time.Time) error {
	if now.After(cert.NotAfter) {
		return errors.New("certificate expired")
	}
	if now.Before(cert.NotBefore) {
		return errors.New("certificate not valid yet")
	}
	return nil
}
