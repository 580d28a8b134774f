{{/*
The rules, the objects and the policy are those of `kubectl apply -k deploy`: files/deploy has copies of these files
(scripts/chart.mjs), and here only who is meant, and what an owner other than reroot makes needless, is put in.
*/}}

{{/* Which files of deploy/rbac hold here, as JSON. */}}
{{- define "reroot.rbacFiles" -}}
{{- $files := list "core" -}}
{{- $certManager := or (eq .Values.owners.bundle "certManager") (eq .Values.owners.issuer "certManager") -}}
{{- if or .Values.certManager.installed $certManager -}}{{- $files = append $files "cert-manager" -}}{{- end -}}
{{- if $certManager -}}{{- $files = append $files "cert-manager-renew" -}}{{- end -}}
{{- if and .Values.rights.events (.Files.Get "files/deploy/rbac/events.yaml") -}}{{- $files = append $files "events" -}}{{- end -}}
{{- if .Values.rights.eviction -}}{{- $files = append $files "eviction" -}}{{- end -}}
{{- if .Values.rights.portForward -}}{{- $files = append $files "port-forward" -}}{{- end -}}
{{- if .Values.rights.rollouts -}}{{- $files = append $files "rollouts" -}}{{- end -}}
{{- if .Values.rights.buoyant -}}{{- $files = append $files "buoyant" -}}{{- end -}}
{{ toJson $files }}
{{- end -}}

{{/* `resource/name` of what is only read, because somebody else writes it, as JSON. Copies that Linkerd's CLI keeps are nobody's. */}}
{{- define "reroot.onlyRead" -}}
{{- $read := list -}}
{{- if ne .Values.owners.bundle "reroot" -}}{{- $read = append $read "configmaps/linkerd-identity-trust-roots" -}}{{- end -}}
{{- if eq .Values.owners.issuer "handOff" -}}{{- $read = append $read "secrets/linkerd-identity-issuer" -}}{{- end -}}
{{ toJson $read }}
{{- end -}}

{{/* `resource/name` of deploy/rbac, and what it is called here, as JSON. */}}
{{- define "reroot.names" -}}
{{- with .Values.certManager -}}
{{ dict
  "certificates/linkerd-trust-anchor" .rootCertificate
  "certificates/status/linkerd-trust-anchor" .rootCertificate
  "certificates/linkerd-identity-issuer" .issuerCertificate
  "certificates/status/linkerd-identity-issuer" .issuerCertificate
  "secrets/linkerd-trust-anchor" .rootSecret
  "secrets/linkerd-previous-anchor" .previousRootSecret | toJson }}
{{- end -}}
{{- end -}}

{{- define "reroot.namespaces" -}}
{{ dict "linkerd" .Values.linkerdNamespace "cert-manager" .Values.certManager.namespace | toJson }}
{{- end -}}

{{/*
keys: whatever is in Secrets. look: what only reads. change: all else, and every port of a pod.
Argument: a list of the resource and the verb.
*/}}
{{- define "reroot.duty" -}}
{{- $resource := index . 0 -}}
{{- if eq $resource "secrets" -}}
keys
{{- else if and (has (index . 1) (list "get" "list" "watch")) (not (hasPrefix "pods/" $resource)) -}}
look
{{- else -}}
change
{{- end -}}
{{- end -}}

{{/* Every rule, by scope (`*`: cluster-wide; else a namespace) and duty, as JSON. */}}
{{- define "reroot.rules" -}}
{{- $onlyRead := include "reroot.onlyRead" . | fromJsonArray -}}
{{- $names := include "reroot.names" . | fromJson -}}
{{- $namespaces := include "reroot.namespaces" . | fromJson -}}
{{- $scopes := dict -}}
{{- range $file := include "reroot.rbacFiles" . | fromJsonArray -}}
{{- range $text := regexSplit "(?m)^---$" ($.Files.Get (printf "files/deploy/rbac/%s.yaml" $file)) -1 -}}
{{- $document := fromYaml $text -}}
{{- range $rule := $document.rules -}}
{{- $resource := first $rule.resources -}}
{{- $scope := "*" -}}
{{- if $document.metadata.namespace -}}{{- $scope = get $namespaces $document.metadata.namespace | default $document.metadata.namespace -}}{{- end -}}
{{- range $verb := $rule.verbs -}}
{{- $granted := list -}}
{{- range $name := $rule.resourceNames -}}
{{- $key := printf "%s/%s" $resource $name -}}
{{- if or (ne $verb "patch") (not (has $key $onlyRead)) -}}
{{- $granted = append $granted (get $names $key | default $name) -}}
{{- end -}}
{{- end -}}
{{- if or $granted (not $rule.resourceNames) -}}
{{- $duty := include "reroot.duty" (list $resource $verb) -}}
{{- $duties := get $scopes $scope | default dict -}}
{{- $same := dict "apiGroups" $rule.apiGroups "resources" $rule.resources -}}
{{- if $granted -}}{{- $_ := set $same "resourceNames" $granted -}}{{- end -}}
{{- $kept := list -}}
{{- $found := false -}}
{{- range $other := get $duties $duty | default list -}}
{{- if eq (omit $other "verbs" | toJson) (toJson $same) -}}
{{- $found = true -}}
{{- $kept = append $kept (merge (dict "verbs" (append $other.verbs $verb | uniq)) $same) -}}
{{- else -}}
{{- $kept = append $kept $other -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}{{- $kept = append $kept (merge (dict "verbs" (list $verb)) $same) -}}{{- end -}}
{{- $_ := set $duties $duty $kept -}}
{{- $_ := set $scopes $scope $duties -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.rights.suppliedSecrets -}}
{{- $duties := get $scopes $.Values.linkerdNamespace -}}
{{- $_ := set $duties "keys" (append $duties.keys (dict "apiGroups" (list "") "resources" (list "secrets") "resourceNames" . "verbs" (list "get"))) -}}
{{- end -}}
{{ toJson $scopes }}
{{- end -}}
