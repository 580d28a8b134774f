package main

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestCountsProxiesThatRunAndAllThatHaveBegun(t *testing.T) {
	m := testMesh(t, "2.20")
	pod := func(namespace, uid string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "a", UID: types.UID(uid)},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "linkerd-proxy"}}},
			Status:     corev1.PodStatus{PodIP: "127.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	first := pod("shop", "1", corev1.ConditionTrue)
	for _, each := range []*corev1.Pod{first, first, pod("shop", "2", corev1.ConditionFalse), pod("linkerd", "3", corev1.ConditionTrue)} {
		m.podSeen(each)
	}
	m.podGone(first)
	counts := m.counts()
	for name, want := range map[string]int64{"proxies": 2, "ready": 1, "begunDataPlane": 2, "begunControlPlane": 1} {
		if counts[name] != want {
			t.Errorf("%s: %d, not %d", name, counts[name], want)
		}
	}
	for _, p := range m.liveProxies() {
		p.stop()
	}
}
