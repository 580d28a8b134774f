// standin plays Linkerd in the sandbox: proxy-injector, identity and one proxy per meshed pod, on a real Kubernetes API
// server. Linkerd's own code cannot be had from the package registries; what this obeys are the rules of its control
// plane and proxies, named in the comments by repository and file; docs/development/linkerd.md tells them in one place.
//
// mesh.go follows the pods and starts what runs in them: injector.go, identity.go, and a proxy (proxy.go) with its
// environment, its leaf, its handshakes (chain.go decides) and its admin port. mounts.go and kubelet.go play what kwok
// leaves out of a kubelet. rules.go is what Linkerd versions differ in. probe.go measures continuity; control.go lets
// tests look and switch faults on.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

type options struct {
	kubeconfig, namespace, control, injector, kubelet, version, release string
	kubeletLag                                                          time.Duration
	minRefresh                                                          time.Duration
	probeRate                                                           float64
}

func main() {
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of the sandbox's admin")
	flag.StringVar(&o.namespace, "linkerd-namespace", "linkerd", "namespace of the control plane")
	flag.StringVar(&o.version, "linkerd-version", "2.20", "whose rules to follow")
	flag.StringVar(&o.release, "linkerd-release", "edge-26.6.3", "its full name, as labels and annotations show it")
	flag.StringVar(&o.control, "control", "127.0.0.1:0", "address of the control API")
	flag.StringVar(&o.injector, "injector", "127.0.0.1:0", "address of the webhook")
	flag.StringVar(&o.kubelet, "kubelet", "127.0.0.1:0", "address for the kubelet's port-forward, as the nodes name it")
	flag.DurationVar(&o.kubeletLag, "kubelet-lag", 2*time.Second, "until a mounted object shows a change")
	flag.DurationVar(&o.minRefresh, "min-refresh", 10*time.Second, "LINKERD2_PROXY_IDENTITY_MIN_REFRESH")
	flag.Float64Var(&o.probeRate, "probe-rate", 100, "handshakes per second of the probe mesh")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		slog.Error("standin ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	rules, ok := versions[o.version]
	if !ok {
		return fmt.Errorf("no rules for Linkerd %s", o.version)
	}
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 1000, 2000
	// as the controllers have it: JSON of ten thousand pods would be a good part of a core, here and in the API server
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	m := newMesh(client, o, rules)
	webhook, err := m.serveInjector(o.injector)
	if err != nil {
		return err
	}
	control, err := m.serveControl(o.control)
	if err != nil {
		return err
	}
	if err := m.serveKubelet(o.kubelet); err != nil {
		return err
	}
	if err := m.watch(ctx); err != nil {
		return err
	}
	go m.probe.run(ctx)
	line, err := json.Marshal(map[string]string{
		"control": "http://" + control, "injector": "https://" + webhook.address, "caBundle": webhook.caBundle,
	})
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	<-ctx.Done()
	return nil
}
