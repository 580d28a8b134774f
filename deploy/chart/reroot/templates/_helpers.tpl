{{- define "reroot.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if contains "reroot" .Release.Name -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-reroot" (.Release.Name | trunc 46 | trimSuffix "-") }}
{{- end -}}
{{- end -}}

{{- define "reroot.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "reroot.fullname" .) }}
{{- end -}}

{{- define "reroot.selector" -}}
app.kubernetes.io/name: reroot
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: worker
{{- end -}}

{{- define "reroot.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: reroot
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Of pods: without the version of the chart, which alone is no reason to roll them. */}}
{{- define "reroot.podLabels" -}}
app.kubernetes.io/name: reroot
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "reroot.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What every program of reroot in a pod may do: nothing but run. */}}
{{- define "reroot.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "reroot.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Where Temporal is: the variables that the Temporal CLI reads too. */}}
{{- define "reroot.temporalEnv" -}}
{{- $temporal := .Values.temporal -}}
- name: TEMPORAL_ADDRESS
  value: {{ required "temporal.address is required: host:port of the frontend of your Temporal server" $temporal.address | quote }}
- name: TEMPORAL_NAMESPACE
  value: {{ $temporal.namespace | quote }}
{{- with $temporal.apiKey }}
{{- if .secret }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end }}
{{- with $temporal.tls }}
{{- if or .enabled .ca.secret .client.secret }}
- name: TEMPORAL_TLS
  value: 'true'
{{- end }}
{{- if .serverName }}
- name: TEMPORAL_TLS_SERVER_NAME
  value: {{ .serverName | quote }}
{{- end }}
{{- if .ca.secret }}
- name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
  value: /etc/reroot/temporal-ca/ca.crt
{{- end }}
{{- if .client.secret }}
- name: TEMPORAL_TLS_CLIENT_CERT_PATH
  value: /etc/reroot/temporal-client/tls.crt
- name: TEMPORAL_TLS_CLIENT_KEY_PATH
  value: /etc/reroot/temporal-client/tls.key
{{- end }}
{{- end }}
{{- end -}}

{{- define "reroot.temporalMounts" -}}
{{- with .Values.temporal.tls }}
{{- if .ca.secret }}
- name: temporal-ca
  mountPath: /etc/reroot/temporal-ca
  readOnly: true
{{- end }}
{{- if .client.secret }}
- name: temporal-client
  mountPath: /etc/reroot/temporal-client
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "reroot.temporalVolumes" -}}
{{- with .Values.temporal.tls }}
{{- if .ca.secret }}
- name: temporal-ca
  secret:
    secretName: {{ .ca.secret }}
    items:
      - key: {{ .ca.key }}
        path: ca.crt
{{- end }}
{{- if .client.secret }}
- name: temporal-client
  secret:
    secretName: {{ .client.secret }}
    defaultMode: 288 # 0440
    items:
      - key: {{ .client.certificate }}
        path: tls.crt
      - key: {{ .client.key }}
        path: tls.key
{{- end }}
{{- end }}
{{- end -}}
