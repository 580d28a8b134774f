package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// injector is one replica of the proxy-injector. It reads its mounted bundle on every request
// (linkerd2 controller/proxy-injector/webhook.go), and so lags the ConfigMap by the kubelet.
type injector struct {
	pod   string
	mount mount
	ready bool
}

type webhook struct {
	address, caBundle string
}

var turn atomic.Uint64

// serveInjector answers for the Service in front of the replicas: each request goes to a ready one, by turns.
func (m *mesh) serveInjector(address string) (webhook, error) {
	certificate, caBundle, err := selfSigned()
	if err != nil {
		return webhook{}, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return webhook{}, err
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(m.admit),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
		ReadHeaderTimeout: 10 * time.Second,
	}
	go func() { slog.Error("webhook ends", "error", server.ServeTLS(listener, "", "")) }()
	return webhook{address: listener.Addr().String(), caBundle: base64.StdEncoding.EncodeToString(caBundle)}, nil
}

func (m *mesh) admit(w http.ResponseWriter, r *http.Request) {
	replica := m.readyInjector()
	if replica == nil {
		panic(http.ErrAbortHandler) // no endpoint: the connection fails, and failurePolicy decides
	}
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, "not an AdmissionReview", http.StatusBadRequest)
		return
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if review.Request.Kind.Kind == "Pod" {
		if patch := m.inject(replica, review.Request); patch != nil {
			kind := admissionv1.PatchTypeJSONPatch
			review.Response.Patch, review.Response.PatchType = patch, &kind
		}
	}
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}

func (m *mesh) readyInjector() *injector {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var ready []*injector
	for id, replica := range m.injectors {
		if p := m.proxies[id]; p != nil && p.podReady.Load() {
			ready = append(ready, replica)
		}
	}
	if len(ready) == 0 {
		return nil
	}
	return ready[turn.Add(1)%uint64(len(ready))]
}

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// inject makes the patch of the webhook (linkerd2 pkg/inject/inject.go, charts/partials/templates/_proxy.tpl).
func (m *mesh) inject(replica *injector, request *admissionv1.AdmissionRequest) []byte {
	var pod corev1.Pod
	if json.Unmarshal(request.Object.Raw, &pod) != nil || !m.wanted(&pod, request.Namespace) {
		return nil
	}
	bundle := m.rules.bundle(m.objects.visible(m.rules.bundleObject(), replica.mount, m.injectorLag(), time.Now()))
	values := m.objects.visible("ConfigMap/"+linkerdConfig, mount{started: replica.mount.started}, m.lag(), time.Now())["values"]
	patch, err := json.Marshal(m.injection(&pod, request.Namespace, bundle, nativeSidecar(values)))
	if err != nil {
		return nil
	}
	return patch
}

func (m *mesh) injectorLag() time.Duration {
	m.mu.RLock()
	stale := time.Duration(m.faults.InjectorStaleMs) * time.Millisecond
	m.mu.RUnlock()
	return max(stale, m.lag())
}

// wanted: the pod's annotation, else its namespace's; and none of the reasons to skip.
func (m *mesh) wanted(pod *corev1.Pod, namespace string) bool {
	if pod.Spec.HostNetwork || proxyContainer(pod) != nil || pod.Labels[componentLabel] != "" {
		return false
	}
	wish := pod.Annotations["linkerd.io/inject"]
	if wish == "" {
		m.mu.RLock()
		if n := m.namespaces[namespace]; n != nil {
			wish = n.Annotations["linkerd.io/inject"]
		}
		m.mu.RUnlock()
	}
	return wish == "enabled" || wish == "ingress"
}

func (m *mesh) injection(pod *corev1.Pod, namespace, bundle string, native bool) []operation {
	version := m.options.release
	sum := sha256.Sum256([]byte(bundle)) // over the exact bytes of the ConfigMap's value
	labels := merged(pod.Labels, map[string]string{controlPlaneLabel: m.options.namespace})
	if m.rules.workloadNamespace {
		labels["linkerd.io/workload-ns"] = namespace
	}
	if kind, name := ownerOf(pod); name != "" {
		labels["linkerd.io/proxy-"+kind] = name
	}
	annotations := merged(pod.Annotations, map[string]string{
		"linkerd.io/created-by":    "linkerd/proxy-injector " + version,
		"linkerd.io/proxy-version": version,
	})
	if m.rules.bundleHash {
		annotations["linkerd.io/trust-root-sha256"] = hex.EncodeToString(sum[:])
	}
	sidecar := sidecarContainer(bundle, version, adminPortOf(pod))
	initializer := corev1.Container{Name: "linkerd-init", Image: "cr.l5d.io/linkerd/proxy-init"}
	containers, initContainers := pod.Spec.Containers, pod.Spec.InitContainers
	if native {
		always := corev1.ContainerRestartPolicyAlways
		sidecar.RestartPolicy = &always
		initContainers = append([]corev1.Container{initializer, sidecar}, initContainers...)
	} else {
		initContainers = append(append([]corev1.Container{}, initContainers...), initializer)
		containers = append([]corev1.Container{sidecar}, containers...)
	}
	return []operation{
		{"add", "/metadata/labels", labels},
		{"add", "/metadata/annotations", annotations},
		{"add", "/spec/initContainers", initContainers},
		{"add", "/spec/containers", containers},
	}
}

// adminPortOf: annotation config.linkerd.io/admin-port, as the webhook has it for proxy.ports.admin (pkg/inject/inject.go).
func adminPortOf(pod *corev1.Pod) int32 {
	if port, err := strconv.ParseUint(pod.Annotations["config.linkerd.io/admin-port"], 10, 16); err == nil && port > 0 {
		return int32(port)
	}
	return defaultAdminPort
}

func sidecarContainer(bundle, version string, adminPort int32) corev1.Container {
	field := func(name, path string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
	}
	return corev1.Container{
		Name: "linkerd-proxy", Image: "cr.l5d.io/linkerd/proxy:" + version,
		Ports: []corev1.ContainerPort{{Name: "linkerd-proxy", ContainerPort: 4143}, {Name: "linkerd-admin", ContainerPort: adminPort}},
		Env: []corev1.EnvVar{
			field("_pod_name", "metadata.name"), field("_pod_ns", "metadata.namespace"), field("_pod_sa", "spec.serviceAccountName"),
			{Name: "_l5d_ns", Value: "linkerd"}, {Name: "_l5d_trustdomain", Value: "cluster.local"},
			{Name: "LINKERD2_PROXY_ADMIN_LISTEN_ADDR", Value: fmt.Sprintf("0.0.0.0:%d", adminPort)},
			{Name: anchorsVariable, Value: strings.TrimSpace(bundle) + "\n"},
			{Name: "LINKERD2_PROXY_IDENTITY_SVC_ADDR", Value: "linkerd-identity-headless.linkerd.svc.cluster.local.:8080"},
			{Name: "LINKERD2_PROXY_IDENTITY_LOCAL_NAME", Value: "$(_pod_sa).$(_pod_ns).serviceaccount.identity.linkerd.cluster.local"},
			{Name: "LINKERD2_PROXY_IDENTITY_SVC_NAME", Value: "linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local"},
		},
	}
}

// ownerOf names the owner as the injector does: a ReplicaSet's Deployment, found by the template hash in its name.
func ownerOf(pod *corev1.Pod) (kind, name string) {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return "", ""
	}
	if hash := pod.Labels["pod-template-hash"]; owner.Kind == "ReplicaSet" && hash != "" {
		if deployment, found := strings.CutSuffix(owner.Name, "-"+hash); found {
			return "deployment", deployment
		}
	}
	switch owner.Kind {
	case "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController":
		return strings.ToLower(owner.Kind), owner.Name
	}
	return "", ""
}

func merged(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for key, value := range m {
			out[key] = value
		}
	}
	return out
}

func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "linkerd-proxy-injector.linkerd.svc"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
