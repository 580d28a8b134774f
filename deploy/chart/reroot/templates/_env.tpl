{{/* The settings of a worker (worker/config.ts). */}}
{{- define "reroot.workerEnv" -}}
# a worker is small: it keeps less memory than Node would take
- name: NODE_OPTIONS
  value: --max-semi-space-size=4
- name: MALLOC_ARENA_MAX
  value: '2'
{{ include "reroot.temporalEnv" . }}
- name: REROOT_TASK_QUEUE
  value: {{ .Values.temporal.taskQueue | quote }}
- name: REROOT_CLUSTER
  value: {{ .Values.cluster | quote }}
- name: REROOT_HTTP_ADDRESS
  value: 0.0.0.0:{{ .Values.http.port }}
{{- if .Values.temporal.metrics }}
- name: REROOT_METRICS_ADDRESS
  value: 0.0.0.0:9090
{{- end }}
{{- with .Values.worker }}
- name: REROOT_LOG_LEVEL
  value: {{ .logLevel }}
- name: REROOT_SHUTDOWN_GRACE_S
  value: {{ .shutdownGraceSeconds | quote }}
- name: REROOT_KUBE_REQUESTS_PER_SECOND
  value: {{ .requestsPerSecond | quote }}
- name: REROOT_LOOK_INTERVAL_S
  value: {{ .lookIntervalSeconds | quote }}
{{- if .approvals }}
- name: REROOT_APPROVALS
  value: {{ .approvals }}
{{- end }}
{{- end }}
{{- if .Values.webhook.secret }}
- name: REROOT_WEBHOOK_URL_FILE
  value: /etc/reroot/webhook/url
{{- end }}
{{- with .Values.otel }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_SERVICE_NAME
  value: {{ .serviceName | quote }}
{{- if .headers.secret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ .headers.secret }}
      key: {{ .headers.key }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
