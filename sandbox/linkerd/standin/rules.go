package main

import (
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// rules are what differs between Linkerd versions, as data (linkerd2 and linkerd2-proxy at the tags of each version).
type rules struct {
	// Where the anchors are: A linkerd-config as JSON, B chart values below `global`, C chart values, D a ConfigMap of
	// their own.
	layout         string
	minTLS, maxTLS uint16
	// The identity process reads keys of block type PRIVATE KEY (linkerd2 3014d5838, 2.9.0).
	pkcs8 bool
	// It wants the issuer to be valid for its own name (until b389054d5, 2.9.1).
	issuerNameChecked bool
	// It checks IsCA of the issuer (f986e91ea, 2.11.0).
	issuerMustBeCA bool
	// It says IssuerValidationFailed (c1b683147, 2.8.0) and IssuedLeafCertificate (9a1468328, 2.11.0).
	validationEvents, leafEvents bool
	// The digest in IssuedLeafCertificate is MD5 (2.11), SHA-256 since 2.12.0 (linkerd2#7836).
	leafDigestMD5 bool
	// The injector labels pods with workload-ns (2.8) and annotates them with the bundle's hash (2.12.1).
	workloadNamespace, bundleHash bool
	// Proxies answer /live (2.9) and /env.json (linkerd2-proxy v2.185.0, 2.12.0).
	live, envJSON bool
	metrics       metricNames
}

type metricNames struct{ expires, refreshes string }

var (
	metrics210 = metricNames{"identity_cert_expiration_timestamp_seconds", "identity_cert_refresh_count"}
	metricsNow = metricNames{"control_identity_cert_expiration_timestamp_seconds", `control_identity_cert_refreshes_total{result="ok"}`}
)

var versions = map[string]rules{
	"2.7":  {layout: "A", minTLS: tls.VersionTLS12, maxTLS: tls.VersionTLS12, issuerNameChecked: true},
	"2.8":  {layout: "A", minTLS: tls.VersionTLS12, maxTLS: tls.VersionTLS12, issuerNameChecked: true, validationEvents: true, workloadNamespace: true},
	"2.9":  {layout: "B", minTLS: tls.VersionTLS12, maxTLS: tls.VersionTLS12, pkcs8: true, validationEvents: true, workloadNamespace: true, live: true},
	"2.10": {layout: "C", minTLS: tls.VersionTLS12, maxTLS: tls.VersionTLS13, pkcs8: true, validationEvents: true, workloadNamespace: true, live: true, metrics: metrics210},
	"2.11": {layout: "D", minTLS: tls.VersionTLS12, maxTLS: tls.VersionTLS13, pkcs8: true, issuerMustBeCA: true, validationEvents: true, leafEvents: true, leafDigestMD5: true, workloadNamespace: true, live: true, metrics: metrics210},
	"2.14": {layout: "D", minTLS: tls.VersionTLS13, maxTLS: tls.VersionTLS13, pkcs8: true, issuerMustBeCA: true, validationEvents: true, leafEvents: true, workloadNamespace: true, bundleHash: true, live: true, envJSON: true, metrics: metrics210},
	"2.20": {layout: "D", minTLS: tls.VersionTLS13, maxTLS: tls.VersionTLS13, pkcs8: true, issuerMustBeCA: true, validationEvents: true, leafEvents: true, workloadNamespace: true, bundleHash: true, live: true, envJSON: true, metrics: metricsNow},
}

// leafDigest is how IssuedLeafCertificate names a leaf.
func (r rules) leafDigest(der []byte) string {
	if r.leafDigestMD5 {
		sum := md5.Sum(der)
		return hex.EncodeToString(sum[:])
	}
	return fingerprint(der)
}

// bundleObject is the one whose mount the injector reads the anchors from.
func (r rules) bundleObject() string {
	if r.layout == "D" {
		return "ConfigMap/" + trustRoots
	}
	return "ConfigMap/" + linkerdConfig
}

// bundle finds the anchors in the files of bundleObject.
func (r rules) bundle(files map[string]string) string {
	switch r.layout {
	case "A":
		return globalOf(files).IdentityContext.TrustAnchorsPem
	case "B", "C":
		var values struct {
			IdentityTrustAnchorsPEM string `json:"identityTrustAnchorsPEM"`
			Global                  struct {
				IdentityTrustAnchorsPEM string `json:"identityTrustAnchorsPEM"`
			} `json:"global"`
		}
		_ = yaml.Unmarshal([]byte(files["values"]), &values)
		if r.layout == "B" {
			return values.Global.IdentityTrustAnchorsPEM
		}
		return values.IdentityTrustAnchorsPEM
	}
	return files["ca-bundle.crt"]
}

// global is the JSON document of layout A (linkerd2 stable-2.7.1 proto/config/config.proto).
type global struct {
	IdentityContext struct {
		TrustDomain, TrustAnchorsPem, IssuanceLifetime, ClockSkewAllowance, Scheme string
	} `json:"identityContext"`
}

func globalOf(files map[string]string) global {
	var parsed global
	_ = yaml.Unmarshal([]byte(files["global"]), &parsed)
	return parsed
}

// ownCopy is the bundle that the identity container carries itself in layouts B and C.
func ownCopy(pod *corev1.Pod) string {
	for _, container := range pod.Spec.Containers {
		if container.Name != "identity" {
			continue
		}
		for _, arg := range container.Args {
			if encoded, found := strings.CutPrefix(arg, "-identity-trust-anchors-pem="); found {
				return decoded(encoded)
			}
		}
		for _, variable := range container.Env {
			if variable.Name == "LINKERD2_IDENTITY_TRUST_ANCHORS" {
				return decoded(variable.Value)
			}
		}
	}
	return ""
}

func decoded(text string) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(raw)
}

// nativeSidecar reads the chart values as the injector sees them.
func nativeSidecar(values string) bool {
	var parsed struct {
		Proxy struct {
			NativeSidecar bool `json:"nativeSidecar"`
		} `json:"proxy"`
	}
	return yaml.Unmarshal([]byte(values), &parsed) == nil && parsed.Proxy.NativeSidecar
}
