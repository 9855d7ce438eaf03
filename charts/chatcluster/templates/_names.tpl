{{/*
The name of every object of a release, and of every part: here and nowhere else. Use:
  {{- $names := include "chatcluster.names" . | fromYaml }} … {{ $names.gateway }}
*/}}
{{- define "chatcluster.names" -}}
{{- $base := include "chatcluster.base" . -}}
base: {{ $base }}
gateway: {{ $base }}-gateway
gatewayPods: {{ $base }}-gateway-pods
hub: {{ $base }}-hub
worker: {{ $base }}-worker
operator: {{ $base }}-operator
operatorLease: {{ $base }}-operator-lease
chatCluster: {{ $base }}
crdUpgrade: {{ $base }}-crd-upgrade
# These belong to no namespace.
operatorOfAll: {{ .Release.Namespace }}-{{ $base }}-operator
crdUpgradeOfAll: {{ .Release.Namespace }}-{{ $base }}-crd-upgrade
valkey: {{ $base }}-valkey
postgres: {{ $base }}-postgres
fanout: {{ $base }}-fanout
scripts: {{ $base }}-scripts
hubTokens: {{ $base }}-hub-tokens
adminToken: {{ $base }}-admin-token
dashboard: {{ $base }}-dashboard
test: {{ $base }}-test
{{- end }}

{{/*
What all names begin with: at most 38 characters, because a gateway's pod is called <base>-gateway-<10>-<5>, and 63 are allowed.
A longer one is cut and gets a digest, so that two releases do not meet.
*/}}
{{- define "chatcluster.base" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- end -}}
{{- if gt (len $full) 38 -}}
{{- printf "%s-%s" (trunc 31 $full | trimSuffix "-") (sha256sum $full | trunc 6) -}}
{{- else -}}
{{- $full -}}
{{- end -}}
{{- end }}

{{/* The keys of the Secrets that are generated, and of the ConfigMap that says which fan-out is in force. */}}
{{- define "chatcluster.keys" -}}
hubToken: hub-token
adminToken: token
fanout: fanout.json
broadcastToken: broadcast-token
valkeyPassword: password
postgresPassword: password
{{- end }}
