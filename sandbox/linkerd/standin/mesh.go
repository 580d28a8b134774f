package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	controlPlaneLabel = "linkerd.io/control-plane-ns"
	componentLabel    = "linkerd.io/control-plane-component"
	trustRoots        = "linkerd-identity-trust-roots"
	linkerdConfig     = "linkerd-config"
	issuerSecret      = "linkerd-identity-issuer"
	anchorsVariable   = "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"
	readyAnnotation   = "sandbox.reroot.dev/proxy"
)

// mesh is all that runs: replicas of identity and the injector by pod, proxies by pod.
type mesh struct {
	client  kubernetes.Interface
	options options
	rules   rules
	objects *objects
	probe   *prober
	signed  atomic.Int64 // leaves, by all replicas of identity

	mu         sync.RWMutex
	faults     faults
	begun      begun
	proxies    map[string]*proxy
	identities map[string]*identity
	injectors  map[string]*injector
	namespaces map[string]*corev1.Namespace
}

// faults are switched on by tests.
type faults struct {
	KubeletLagMs       *int64   `json:"kubeletLagMs,omitempty"`
	IdentityStaleStart int      `json:"identityStaleStarts"`
	InjectorStaleMs    int64    `json:"injectorStaleMs"`
	FrozenIssuerMounts []string `json:"frozenIssuerMounts"`
	RefuseLeafFor      []string `json:"refuseLeafFor"`
	Unreachable        []string `json:"unreachable"`
}

func newMesh(client kubernetes.Interface, o options, r rules) *mesh {
	m := &mesh{
		client: client, options: o, rules: r,
		proxies: map[string]*proxy{}, identities: map[string]*identity{}, injectors: map[string]*injector{},
		namespaces: map[string]*corev1.Namespace{},
	}
	m.objects = &objects{versions: map[string][]version{}, changed: m.objectChanged}
	m.probe = newProber(m, o.probeRate)
	return m
}

func (m *mesh) lag() time.Duration {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.faults.KubeletLagMs != nil {
		return time.Duration(*m.faults.KubeletLagMs) * time.Millisecond
	}
	return m.options.kubeletLag
}

// watch follows pods, namespaces and the mounted objects.
func (m *mesh) watch(ctx context.Context) error {
	all := informers.NewSharedInformerFactory(m.client, 0)
	own := informers.NewSharedInformerFactoryWithOptions(m.client, 0, informers.WithNamespace(m.options.namespace))
	meshed := informers.NewSharedInformerFactoryWithOptions(m.client, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.LabelSelector = controlPlaneLabel
	}))
	handle(meshed.Core().V1().Pods().Informer(), m.podSeen, m.podGone)
	handle(all.Core().V1().Namespaces().Informer(), m.namespaceSeen, func(*corev1.Namespace) {})
	handle(own.Core().V1().ConfigMaps().Informer(), func(c *corev1.ConfigMap) { m.objects.seen("ConfigMap/"+c.Name, c.Data) }, func(*corev1.ConfigMap) {})
	handle(own.Core().V1().Secrets().Informer(), func(s *corev1.Secret) { m.objects.seen("Secret/"+s.Name, texts(s.Data)) }, func(*corev1.Secret) {})
	// objects before pods: a pod's mounts are filled when it starts
	for _, factory := range []informers.SharedInformerFactory{own, all, meshed} {
		factory.Start(ctx.Done())
		factory.WaitForCacheSync(ctx.Done())
	}
	return ctx.Err()
}

func handle[T any](informer cache.SharedIndexInformer, seen func(*T), gone func(*T)) {
	as := func(o any) *T {
		if tombstone, ok := o.(cache.DeletedFinalStateUnknown); ok {
			o = tombstone.Obj
		}
		typed, _ := o.(*T)
		return typed
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { seen(as(o)) },
		UpdateFunc: func(_, o any) { seen(as(o)) },
		DeleteFunc: func(o any) { gone(as(o)) },
	})
	if err != nil {
		slog.Error("cannot watch", "error", err)
	}
}

func texts(data map[string][]byte) map[string]string {
	out := make(map[string]string, len(data))
	for key, value := range data {
		out[key] = string(value)
	}
	return out
}

func (m *mesh) namespaceSeen(n *corev1.Namespace) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.namespaces[n.Name] = n
}

// objectChanged tells the identity replicas after the kubelet's lag, as the swap of ..data does.
func (m *mesh) objectChanged(name string) {
	if name != "Secret/"+issuerSecret {
		return
	}
	time.AfterFunc(m.lag()+time.Millisecond, func() {
		m.mu.RLock()
		replicas := make([]*identity, 0, len(m.identities))
		for _, replica := range m.identities {
			replicas = append(replicas, replica)
		}
		m.mu.RUnlock()
		for _, replica := range replicas {
			replica.reload()
		}
	})
}

func key(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name + "/" + string(pod.UID) }

// podSeen starts what runs in a pod once the kubelet has started it, and ends it when its deletion begins.
func (m *mesh) podSeen(pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		m.podGone(pod)
		return
	}
	if pod.Status.PodIP == "" || proxyContainer(pod) == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if running, ok := m.proxies[key(pod)]; ok {
		running.podReady.Store(podReady(pod))
		return
	}
	started := mount{started: time.Now()}
	switch m.component(pod) {
	case "identity":
		m.identities[key(pod)] = newIdentity(m, pod, m.identityMount(started))
	case "proxy-injector":
		m.injectors[key(pod)] = &injector{pod: pod.Name, mount: m.injectorMount(started), ready: podReady(pod)}
	}
	p := newProxy(m, pod)
	m.proxies[key(pod)] = p
	m.begun.count(m, pod)
	go p.run()
}

// component: a label in another namespace makes nobody a part of the control plane.
func (m *mesh) component(pod *corev1.Pod) string {
	if pod.Namespace != m.options.namespace {
		return ""
	}
	return pod.Labels[componentLabel]
}

func (m *mesh) identityMount(started mount) mount {
	if m.faults.IdentityStaleStart > 0 {
		m.faults.IdentityStaleStart--
		started.staleFor, started.frozen = forever, true
	}
	return started
}

func (m *mesh) injectorMount(started mount) mount {
	started.staleFor = time.Duration(m.faults.InjectorStaleMs) * time.Millisecond
	return started
}

func (m *mesh) podGone(pod *corev1.Pod) {
	m.mu.Lock()
	p, replica := m.proxies[key(pod)], m.identities[key(pod)]
	delete(m.proxies, key(pod))
	delete(m.identities, key(pod))
	delete(m.injectors, key(pod))
	m.mu.Unlock()
	if p != nil {
		p.stop()
	}
	if replica != nil {
		replica.stop()
	}
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// proxyContainer finds the proxy among containers and native sidecars.
func proxyContainer(pod *corev1.Pod) *corev1.Container {
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if list[i].Name == "linkerd-proxy" {
				return &list[i]
			}
		}
	}
	return nil
}

func (m *mesh) liveProxies() []*proxy {
	m.mu.RLock()
	defer m.mu.RUnlock()
	live := make([]*proxy, 0, len(m.proxies))
	for _, p := range m.proxies {
		live = append(live, p)
	}
	return live
}
