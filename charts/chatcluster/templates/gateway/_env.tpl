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
{{- include "chatcluster.gateway.auth" . }}
{{- with .Values.gateway.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What clients are known by: a file, which the kubelet keeps up to date, or a variable. */}}
{{- define "chatcluster.gateway.auth" -}}
{{- if include "chatcluster.gateway.keyFile" . }}
- name: CHAT_AUTH_KEY_FILE
  value: /etc/chatcluster/auth/key
{{- else if and .Values.gateway.auth.existingSecret (eq (.Values.gateway.settings.auth | default "off") "hook") }}
- name: CHAT_AUTH_HOOK_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .Values.gateway.auth.existingSecret }}
      key: {{ .Values.gateway.auth.key }}
{{- end }}
{{- end }}

{{/* The Secret that is mounted for that, or "". */}}
{{- define "chatcluster.gateway.keyFile" -}}
{{- if eq (.Values.gateway.settings.auth | default "off") "jwt" -}}{{ .Values.gateway.auth.existingSecret }}{{- end -}}
{{- end }}

{{/* The servers that gateways and workers wait for: arguments of the script. What the mode needs, it reads from the file. */}}
{{- define "chatcluster.awaited" -}}
{{- $awaited := list "fanout" -}}
{{- if or (eq .Values.history.store "redis") .Values.worker.enabled }}{{ $awaited = append $awaited "redis" }}{{ end -}}
{{- if eq .Values.history.store "postgres" }}{{ $awaited = append $awaited "postgres" }}{{ end -}}
{{- join ", " $awaited -}}
{{- end }}
