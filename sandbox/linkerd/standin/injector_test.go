package main

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestInjection(t *testing.T) {
	m := testMesh(t, "2.20")
	m.namespaceSeen(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "in", Annotations: map[string]string{"linkerd.io/inject": "enabled"}}})
	pod := func(change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}, Labels: map[string]string{}}}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		pod       *corev1.Pod
		namespace string
		want      bool
	}{
		"by its namespace":         {pod(func(*corev1.Pod) {}), "in", true},
		"not elsewhere":            {pod(func(*corev1.Pod) {}), "out", false},
		"by itself":                {pod(func(p *corev1.Pod) { p.Annotations["linkerd.io/inject"] = "ingress" }), "out", true},
		"the pod has the say":      {pod(func(p *corev1.Pod) { p.Annotations["linkerd.io/inject"] = "disabled" }), "in", false},
		"never on the host's net":  {pod(func(p *corev1.Pod) { p.Spec.HostNetwork = true }), "in", false},
		"never twice":              {pod(func(p *corev1.Pod) { p.Spec.Containers = []corev1.Container{{Name: "linkerd-proxy"}} }), "in", false},
		"never a native one twice": {pod(func(p *corev1.Pod) { p.Spec.InitContainers = []corev1.Container{{Name: "linkerd-proxy"}} }), "in", false},
		"never the control plane":  {pod(func(p *corev1.Pod) { p.Labels[componentLabel] = "identity" }), "in", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := m.wanted(c.pod, c.namespace); got != c.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}
