{{/*
Values become variables, and their names are made from each other: `historyLength` is CHAT_HISTORY_LENGTH. They stand in the pod
itself, not in a ConfigMap beside it, so that a rollback brings back the old ones too.
*/}}

{{/* Entries of `env` for a block of settings. Takes a list: the block, and what the variables begin with after CHAT_, or "". */}}
{{- define "chatcluster.settings" -}}
{{- $prefix := index . 1 -}}
{{- range $key, $value := index . 0 }}
- name: CHAT_{{ $prefix }}{{ snakecase $key | upper }}
  value: {{ include "chatcluster.text" $value | quote }}
{{- end }}
{{- end }}

{{/* A value as a variable has it: lists separated by commas, maps as JSON. */}}
{{- define "chatcluster.text" -}}
{{- if kindIs "slice" . -}}{{ join "," . }}
{{- else if kindIs "string" . -}}{{ . }}
{{- else -}}{{ toJson . }}
{{- end -}}
{{- end }}

{{/* Entries of `env` for every program. */}}
{{- define "chatcluster.env.common" -}}
- name: CHAT_HOST
  value: {{ .Values.listenAddress | quote }}
- name: CHAT_ADMIN_HOST
  value: {{ .Values.listenAddress | quote }}
{{- include "chatcluster.settings" (list .Values.settings "") }}
{{- if include "chatcluster.has.hubs" . }}
- name: CHAT_HUB_URLS
  value: {{ include "chatcluster.hub.urls" . | quote }}
- name: CHAT_HUB_TOKEN
  valueFrom:
    secretKeyRef: {{- include "chatcluster.hub.token" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Entries of `env` for those who take part in the chat: gateways and workers. */}}
{{- define "chatcluster.env.cluster" -}}
{{- include "chatcluster.env.fanout" . | trim | nindent 0 }}
- name: CHAT_FANOUT_FILE
  value: /etc/chatcluster/fanout/{{ (include "chatcluster.keys" . | fromYaml).fanout }}
- name: CHAT_ADMIN_TOKEN
  valueFrom:
    secretKeyRef: {{- include "chatcluster.admin.token" . | nindent 6 }}
- name: CHAT_HISTORY
  value: {{ .Values.history.store | quote }}
- name: CHAT_HISTORY_LENGTH
  value: {{ toJson .Values.history.length | quote }}
- name: CHAT_HISTORY_AGE
  value: {{ toJson .Values.history.ageSeconds | quote }}
- name: CHAT_SETTLE_SECONDS
  value: {{ toJson .Values.gateway.leaving.settleSeconds | quote }}
- name: CHAT_DRAIN_SECONDS
  value: {{ toJson .Values.gateway.leaving.drainSeconds | quote }}
{{- include "chatcluster.env.redis" . }}
{{- include "chatcluster.env.postgres" . }}
{{- end }}

{{/*
The mode and its settings. With the operator they come from the ChatCluster, and may change while people chat: stood they here, each
change would replace every gateway. Only what the history and jobs read too is here all the same.
*/}}
{{- define "chatcluster.env.fanout" -}}
{{- $fanout := .Values.cluster.fanout -}}
{{- if .Values.operator.enabled -}}
{{- include "chatcluster.settings" (list (pick $fanout.redis "prefix") "REDIS_") }}
{{- include "chatcluster.settings" (list (pick $fanout.postgres "prefix") "POSTGRES_") }}
{{- else }}
- name: CHAT_MODE
  value: {{ $fanout.mode }}
{{- include "chatcluster.settings" (list $fanout.adapter "ADAPTER_") }}
{{- include "chatcluster.settings" (list $fanout.redis "REDIS_") }}
{{- include "chatcluster.settings" (list $fanout.postgres "POSTGRES_") }}
{{- include "chatcluster.settings" (list (ternary $fanout.hub dict (eq $fanout.mode "hub")) "HUB_") }}
{{- end }}
{{- end }}

{{- define "chatcluster.env.redis" -}}
{{- $names := include "chatcluster.names" . | fromYaml }}
{{- if .Values.valkey.enabled }}
- name: VALKEY_PASSWORD
  valueFrom:
    secretKeyRef: {{- include "chatcluster.valkey.password" . | nindent 6 }}
- name: CHAT_REDIS_URL
  {{- if .Values.valkey.tls.existingSecret }}
  value: rediss://:$(VALKEY_PASSWORD)@{{ $names.valkey }}:6379/0?ssl_ca_certs=/etc/chatcluster/redis/ca.crt
  {{- else }}
  value: redis://:$(VALKEY_PASSWORD)@{{ $names.valkey }}:6379/0
  {{- end }}
{{- else if .Values.redis.existingSecret }}
- name: CHAT_REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.existingSecret }}
      key: {{ .Values.redis.key }}
{{- end }}
{{- end }}

{{- define "chatcluster.env.postgres" -}}
{{- $names := include "chatcluster.names" . | fromYaml }}
{{- if .Values.postgres.bundled.enabled }}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef: {{- include "chatcluster.postgres.password" . | nindent 6 }}
- name: CHAT_POSTGRES_DSN
  value: postgresql://chatcluster:$(POSTGRES_PASSWORD)@{{ $names.postgres }}:5432/chatcluster
{{- else if .Values.postgres.existingSecret }}
- name: CHAT_POSTGRES_DSN
  valueFrom:
    secretKeyRef:
      name: {{ .Values.postgres.existingSecret }}
      key: {{ .Values.postgres.key }}
{{- with .Values.postgres.listenKey }}
- name: CHAT_POSTGRES_LISTEN_DSN
  valueFrom:
    secretKeyRef:
      name: {{ $.Values.postgres.existingSecret }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Each hub has an address of its own; names without a domain are looked up in the pod's own namespace first. */}}
{{- define "chatcluster.hub.urls" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $urls := list -}}
{{- range until (int .Values.hub.replicas) -}}
{{- $urls = append $urls (printf "http://%s-%d.%s:8100" $names.hub . $names.hub) -}}
{{- end -}}
{{- join "," $urls -}}
{{- end }}
