package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const defaultAdminPort = 4191

// proxy is the linkerd-proxy of one pod: its environment and anchors are fixed at its start.
type proxy struct {
	mesh      *mesh
	namespace string
	pod       string
	uid       string
	ip        string
	component string
	adminPort string
	env       map[string]string
	identity  string
	anchors   []*x509.Certificate
	key       *ecdsa.PrivateKey // made once; renewals reuse it
	started   time.Time
	ctx       context.Context
	cancel    context.CancelFunc
	podReady  atomic.Bool
	leaf      atomic.Pointer[credentials]
	refreshes atomic.Int64
	failures  atomic.Int64

	mu       sync.Mutex
	listener net.Listener
}

func newProxy(m *mesh, pod *corev1.Pod) *proxy {
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{
		mesh: m, namespace: pod.Namespace, pod: pod.Name, uid: string(pod.UID), ip: pod.Status.PodIP,
		component: m.component(pod), started: time.Now(), ctx: ctx, cancel: cancel,
		adminPort: strconv.Itoa(defaultAdminPort),
	}
	p.env = m.environment(pod)
	p.identity = p.env["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"]
	if _, port, err := net.SplitHostPort(p.env["LINKERD2_PROXY_ADMIN_LISTEN_ADDR"]); err == nil {
		p.adminPort = port
	}
	p.anchors = tolerantCertificates(p.env[anchorsVariable])
	p.podReady.Store(podReady(pod))
	return p
}

func (p *proxy) run() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		slog.Error("no key", "pod", p.pod, "error", err)
		return
	}
	p.key = key
	go p.serve()
	p.keepLeaf()
}

func (p *proxy) stop() {
	p.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
	}
}

// tellKubelet lets kwok mark the pod ready: the real kubelet would ask /ready.
func (p *proxy) tellKubelet() {
	patch := []byte(`{"metadata":{"annotations":{"` + readyAnnotation + `":"ready"}}}`)
	for tries := 0; tries < 20 && p.ctx.Err() == nil; tries++ {
		_, err := p.mesh.client.CoreV1().Pods(p.namespace).Patch(p.ctx, p.pod, types.MergePatchType, patch, metav1.PatchOptions{})
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
