package main

import "crypto/tls"

// rules are what differs between Linkerd versions, as data.
type rules struct {
	minTLS, maxTLS uint16
	// /env.json on the admin port (linkerd2-proxy v2.185.0, CHANGES 2.12.0).
	envJSON bool
	// The identity process checks IsCA of the issuer (linkerd2 f986e91ea, 2.11.0).
	issuerMustBeCA bool
	metricPrefix   string
}

var versions = map[string]rules{
	"2.7":  {minTLS: tls.VersionTLS12, maxTLS: tls.VersionTLS12},
	"2.20": {minTLS: tls.VersionTLS13, maxTLS: tls.VersionTLS13, envJSON: true, issuerMustBeCA: true, metricPrefix: "control_identity_cert_"},
}
