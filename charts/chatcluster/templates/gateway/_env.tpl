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

{{/* The servers that gateways and workers wait for: arguments of the script. What the mode needs, it reads from the file. */}}
{{- define "chatcluster.awaited" -}}
{{- $awaited := list "fanout" -}}
{{- if or (eq .Values.history.store "redis") .Values.worker.enabled }}{{ $awaited = append $awaited "redis" }}{{ end -}}
{{- if eq .Values.history.store "postgres" }}{{ $awaited = append $awaited "postgres" }}{{ end -}}
{{- join ", " $awaited -}}
{{- end }}
