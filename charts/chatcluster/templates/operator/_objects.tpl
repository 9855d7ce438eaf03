{{/* What the operator has to know by name: it composes no name itself. */}}
{{- define "chatcluster.objects" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
gateways:
  deployment: {{ $names.gateway }}
  adminPort: 9000
{{- if include "chatcluster.has.hubs" . }}
hubs:
  statefulSet: {{ $names.hub }}
{{- end }}
{{- if .Values.worker.enabled }}
workers:
  deployment: {{ $names.worker }}
  adminPort: 9200
{{- end }}
fanout:
  name: {{ $names.fanout }}
  key: {{ $keys.fanout }}
adminToken: {{- include "chatcluster.admin.token" . | nindent 2 }}
{{- with include "chatcluster.carriers" . }}
carriers: {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where servers of the release's own are, from whichever namespace; those outside are known to Secrets alone. */}}
{{- define "chatcluster.carriers" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- if .Values.valkey.enabled -}}
redis: {{ $names.valkey }}.{{ .Release.Namespace }}.svc:6379
{{ end -}}
{{- if .Values.postgres.bundled.enabled -}}
postgres: {{ $names.postgres }}.{{ .Release.Namespace }}.svc:5432
{{ end -}}
{{- end }}
