{{- define "chatcluster.worker.env" -}}
{{ include "chatcluster.env.common" . }}
{{ include "chatcluster.env.cluster" . }}
- name: CHAT_ADMIN_PORT
  value: "9200"
{{- include "chatcluster.settings" (list .Values.worker.settings "") }}
{{- with .Values.worker.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
