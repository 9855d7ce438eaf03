{{/* Pods of this release. Takes a list: the context, and names of parts. */}}
{{- define "chatcluster.peers" -}}
{{- $context := index . 0 -}}
{{- range $place, $part := rest . }}
{{- if $place }}{{ "\n" }}{{ end -}}
- podSelector:
    matchLabels: {{- include "chatcluster.selector" (list $context $part) | nindent 6 }}
{{- end }}
{{- end }}

{{/* Who may come to the admin port. */}}
{{- define "chatcluster.peers.admin" -}}
{{- if include "chatcluster.brings.operator" . }}
{{- include "chatcluster.peers" (list . "operator") | nindent 0 }}
{{- else }}
{{- with .Values.networkPolicy.operator }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}
{{- include "chatcluster.peers.prometheus" . | nindent 0 }}
{{- end }}

{{- define "chatcluster.peers.prometheus" -}}
{{- toYaml .Values.networkPolicy.prometheus }}
{{- end }}

{{/* Who may come to the servers: programs that need them, and the operator, which looks whether they answer. */}}
{{- define "chatcluster.peers.servers" -}}
{{- $parts := list . "gateway" "worker" -}}
{{- if include "chatcluster.brings.operator" . }}{{ $parts = append $parts "operator" }}{{ end -}}
{{- include "chatcluster.peers" $parts -}}
{{- end }}

{{/* The API server has no labels by which a policy could name it. */}}
{{- define "chatcluster.egress.apiServer" -}}
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - port: {{ . }}
    {{- end }}
{{- end }}

{{- define "chatcluster.egress.dns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{/* Where gateways and workers go: to what they need, and nowhere else. */}}
{{- define "chatcluster.egress.cluster" -}}
{{ include "chatcluster.egress.dns" . }}
{{- if .Values.valkey.enabled }}
- to: {{- include "chatcluster.peers" (list . "valkey") | nindent 4 }}
  ports:
    - port: 6379
{{- else if .Values.redis.existingSecret }}
- ports:
    {{- range .Values.redis.ports }}
    - port: {{ . }}
    {{- end }}
{{- end }}
{{- if .Values.postgres.bundled.enabled }}
- to: {{- include "chatcluster.peers" (list . "postgres") | nindent 4 }}
  ports:
    - port: 5432
{{- else if .Values.postgres.existingSecret }}
- ports:
    {{- range .Values.postgres.ports }}
    - port: {{ . }}
    {{- end }}
{{- end }}
{{- if include "chatcluster.has.hubs" . }}
- to: {{- include "chatcluster.peers" (list . "hub") | nindent 4 }}
  ports:
    - port: 8100
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Begins a NetworkPolicy for one part. Takes a list: the context, the part, the object's name. */}}
{{- define "chatcluster.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ index . 2 }}
  namespace: {{ (index . 0).Release.Namespace }}
  labels: {{- include "chatcluster.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "chatcluster.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}
