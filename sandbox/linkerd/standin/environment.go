package main

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
)

var reference = regexp.MustCompile(`\$\(([^)]+)\)`)

// environment resolves env as the kubelet does at container creation; the last occurrence of a name counts.
func (m *mesh) environment(pod *corev1.Pod) map[string]string {
	env := map[string]string{}
	for _, variable := range proxyContainer(pod).Env {
		value := variable.Value
		if from := variable.ValueFrom; from != nil {
			value = m.resolve(pod, from)
		}
		env[variable.Name] = reference.ReplaceAllStringFunc(value, func(match string) string {
			if known, ok := env[match[2:len(match)-1]]; ok {
				return known
			}
			return match
		})
	}
	return env
}

func (m *mesh) resolve(pod *corev1.Pod, from *corev1.EnvVarSource) string {
	if from.ConfigMapKeyRef != nil {
		return m.objects.current("ConfigMap/" + from.ConfigMapKeyRef.Name)[from.ConfigMapKeyRef.Key]
	}
	if from.FieldRef == nil {
		return ""
	}
	switch from.FieldRef.FieldPath {
	case "metadata.name":
		return pod.Name
	case "metadata.namespace":
		return pod.Namespace
	case "metadata.uid":
		return string(pod.UID)
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName
	case "status.podIP":
		return pod.Status.PodIP
	}
	return ""
}
