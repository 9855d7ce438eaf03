{{/* What the chosen values need, each as "true" or "". */}}

{{- define "chatcluster.needs.redis" -}}
{{- if or (has .Values.cluster.fanout.mode (list "adapter" "redis")) (eq .Values.history.store "redis") .Values.worker.enabled -}}true{{- end -}}
{{- end }}

{{- define "chatcluster.needs.postgres" -}}
{{- if or (eq .Values.cluster.fanout.mode "postgres") (eq .Values.history.store "postgres") -}}true{{- end -}}
{{- end }}

{{- define "chatcluster.needs.hubs" -}}
{{- if eq .Values.cluster.fanout.mode "hub" -}}true{{- end -}}
{{- end }}

{{- define "chatcluster.has.redis" -}}
{{- if or .Values.valkey.enabled .Values.redis.existingSecret -}}true{{- end -}}
{{- end }}

{{- define "chatcluster.has.postgres" -}}
{{- if or .Values.postgres.bundled.enabled .Values.postgres.existingSecret -}}true{{- end -}}
{{- end }}

{{/* Seconds that a gateway needs to leave: whole ones, rounded up. */}}
{{- define "chatcluster.leaving" -}}
{{- with .Values.cluster.drain -}}
{{- addf .settleSeconds .drainSeconds .allowanceSeconds | ceil | int -}}
{{- end -}}
{{- end }}

{{- define "chatcluster.grace" -}}
{{- if kindIs "invalid" .Values.gateway.terminationGracePeriodSeconds -}}
{{- include "chatcluster.leaving" . -}}
{{- else -}}
{{- .Values.gateway.terminationGracePeriodSeconds | int -}}
{{- end -}}
{{- end }}
