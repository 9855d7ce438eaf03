{{- define "chatcluster.gateway.env" -}}
{{ include "chatcluster.env.common" . }}
{{ include "chatcluster.env.cluster" . }}
- name: CHAT_PORT
  value: "8000"
- name: CHAT_ADMIN_PORT
  value: "9000"
{{- if .Values.worker.enabled }}
- name: CHAT_JOB_EVENTS
  value: {{ join "," .Values.worker.events | quote }}
{{- end }}
{{- include "chatcluster.settings" (list .Values.gateway.settings "") }}
{{- with .Values.gateway.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The servers that gateways and workers wait for: arguments of the script. */}}
{{- define "chatcluster.awaited" -}}
{{- $awaited := list -}}
{{- if include "chatcluster.needs.redis" . }}{{ $awaited = append $awaited "redis" }}{{ end -}}
{{- if include "chatcluster.needs.postgres" . }}{{ $awaited = append $awaited "postgres" }}{{ end -}}
{{- if include "chatcluster.needs.hubs" . }}{{ $awaited = append $awaited "hubs" }}{{ end -}}
{{- join ", " $awaited -}}
{{- end }}
