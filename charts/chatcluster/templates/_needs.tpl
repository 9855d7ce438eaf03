{{/* What the chosen values need, each as "true" or "". */}}

{{- define "chatcluster.needs.redis" -}}
{{- if or (has .Values.cluster.fanout.mode (list "adapter" "redis")) (eq .Values.history.store "redis") .Values.worker.enabled -}}true{{- end -}}
{{- end }}

{{- define "chatcluster.needs.postgres" -}}
{{- if or (eq .Values.cluster.fanout.mode "postgres") (eq .Values.history.store "postgres") -}}true{{- end -}}
{{- end }}

{{/* Whether there are hubs: the operator starts them when their mode is wanted. */}}
{{- define "chatcluster.has.hubs" -}}
{{- if .Values.operator.enabled -}}
{{- if gt (int .Values.hub.replicas) 0 -}}true{{- end -}}
{{- else if eq .Values.cluster.fanout.mode "hub" -}}true{{- end -}}
{{- end }}

{{/* Whether this release brings an operator; one of another release may do the work for it. */}}
{{- define "chatcluster.brings.operator" -}}
{{- if and .Values.operator.enabled .Values.operator.install -}}true{{- end -}}
{{- end }}

{{/* Gateways that there are at least. */}}
{{- define "chatcluster.replicas" -}}
{{- with .Values.cluster.gateways -}}
{{- if .autoscale -}}{{ .autoscale.min | default 2 | int }}
{{- else if .external -}}1
{{- else -}}{{ .replicas | int }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "chatcluster.has.redis" -}}
{{- if or .Values.valkey.enabled .Values.redis.existingSecret -}}true{{- end -}}
{{- end }}

{{- define "chatcluster.has.postgres" -}}
{{- if or .Values.postgres.bundled.enabled .Values.postgres.existingSecret -}}true{{- end -}}
{{- end }}

{{/* Seconds that a gateway needs to leave: whole ones, rounded up. */}}
{{- define "chatcluster.leaving" -}}
{{- with .Values.gateway.leaving -}}
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
