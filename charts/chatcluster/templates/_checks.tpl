{{/*
What the schema cannot see: combinations that would start and then hurt somebody. Each is refused with a sentence, all at once.
*/}}
{{- define "chatcluster.checks" -}}
{{- $wrong := list -}}
{{- $wrong = concat $wrong (include "chatcluster.checks.gateways" . | fromJsonArray) -}}
{{- $wrong = concat $wrong (include "chatcluster.checks.budgets" . | fromJsonArray) -}}
{{- $wrong = concat $wrong (include "chatcluster.checks.carriers" . | fromJsonArray) -}}
{{- $wrong = concat $wrong (include "chatcluster.checks.history" . | fromJsonArray) -}}
{{- $wrong = concat $wrong (include "chatcluster.checks.operator" . | fromJsonArray) -}}
{{- $wrong = concat $wrong (include "chatcluster.checks.others" . | fromJsonArray) -}}
{{- if $wrong -}}
{{- fail (printf "these values are refused:\n  - %s\n" (join "\n  - " $wrong)) -}}
{{- end -}}
{{- end }}

{{- define "chatcluster.checks.gateways" -}}
{{- $wrong := list -}}
{{- $leaving := include "chatcluster.leaving" . | int -}}
{{- $grace := include "chatcluster.grace" . | int -}}
{{- $replicas := include "chatcluster.replicas" . | int -}}
{{- if lt $grace $leaving -}}
{{- $wrong = append $wrong (printf "gateway.terminationGracePeriodSeconds is %d, and gateway.leaving needs %d: gateways would be killed with clients still connected" $grace $leaving) -}}
{{- end -}}
{{- if and (eq .Values.cluster.fanout.mode "isolated") (gt $replicas 1) (not .Values.cluster.fanout.acceptSplitUsers) -}}
{{- $wrong = append $wrong (printf "cluster.fanout.mode is isolated, with %d gateways: their users would not see each other (cluster.fanout.acceptSplitUsers: true if that is what you want)" $replicas) -}}
{{- end -}}
{{- with .Values.gateway.rollout -}}
{{- if and (has (toString .maxSurge) (list "0" "0%")) (has (toString .maxUnavailable) (list "0" "0%")) -}}
{{- $wrong = append $wrong "gateway.rollout: maxSurge and maxUnavailable are both 0, so no gateway could ever be replaced" -}}
{{- end -}}
{{- end -}}
{{- toJson $wrong -}}
{{- end }}

{{/* A budget that lets nothing go holds up the draining of nodes for ever. */}}
{{- define "chatcluster.checks.budgets" -}}
{{- $wrong := list -}}
{{- $replicas := include "chatcluster.replicas" . | int -}}
{{- with .Values.gateway.podDisruptionBudget -}}
{{- if .enabled -}}
{{- if not (kindIs "invalid" .minAvailable) -}}
{{- $percent := hasSuffix "%" (toString .minAvailable) -}}
{{- $kept := toString .minAvailable | trimSuffix "%" | int -}}
{{- if or (and $percent (ge (ceil (divf (mulf $kept $replicas) 100)) (float64 $replicas))) (and (not $percent) (ge $kept $replicas)) -}}
{{- $wrong = append $wrong (printf "gateway.podDisruptionBudget.minAvailable is %v of %d gateways: no node with one could be drained" .minAvailable $replicas) -}}
{{- end -}}
{{- else if or (kindIs "invalid" .maxUnavailable) (has (toString .maxUnavailable) (list "0" "0%")) -}}
{{- $wrong = append $wrong "gateway.podDisruptionBudget.maxUnavailable has to be at least 1, or no node with a gateway could be drained" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.hub.podDisruptionBudget -}}
{{- if and .enabled (has (toString .maxUnavailable) (list "0" "0%")) -}}
{{- $wrong = append $wrong "hub.podDisruptionBudget.maxUnavailable has to be at least 1, or no node with a hub could be drained" -}}
{{- end -}}
{{- end -}}
{{- toJson $wrong -}}
{{- end }}

{{- define "chatcluster.checks.carriers" -}}
{{- $wrong := list -}}
{{- $mode := .Values.cluster.fanout.mode -}}
{{- if and (eq $mode "hub") (lt (int .Values.hub.replicas) 1) -}}
{{- $wrong = append $wrong "cluster.fanout.mode is hub, and hub.replicas is 0: there has to be a hub" -}}
{{- end -}}
{{- if and (include "chatcluster.needs.redis" .) (not (include "chatcluster.has.redis" .)) -}}
{{- $wrong = append $wrong (printf "mode %s, history %s%s: there has to be a Redis (valkey.enabled, or redis.existingSecret with its URL)" $mode .Values.history.store (ternary ", workers" "" .Values.worker.enabled)) -}}
{{- end -}}
{{- if and (include "chatcluster.needs.postgres" .) (not (include "chatcluster.has.postgres" .)) -}}
{{- $wrong = append $wrong (printf "mode %s, history %s: there has to be a Postgres (postgres.existingSecret with its DSN, or postgres.bundled.enabled for trying out)" $mode .Values.history.store) -}}
{{- end -}}
{{- if and .Values.valkey.enabled .Values.redis.existingSecret -}}
{{- $wrong = append $wrong "valkey.enabled and redis.existingSecret: choose one of them" -}}
{{- end -}}
{{- if and .Values.valkey.enabled .Values.redis.tls.caSecret -}}
{{- $wrong = append $wrong "redis.tls.caSecret is for a Redis of yours; for the release's own it is valkey.tls.existingSecret" -}}
{{- end -}}
{{- if and .Values.postgres.bundled.enabled .Values.postgres.existingSecret -}}
{{- $wrong = append $wrong "postgres.bundled.enabled and postgres.existingSecret: choose one of them" -}}
{{- end -}}
{{- toJson $wrong -}}
{{- end }}

{{- define "chatcluster.checks.history" -}}
{{- $wrong := list -}}
{{- $mode := .Values.cluster.fanout.mode -}}
{{- if eq .Values.history.store "memory" -}}
{{- if gt (include "chatcluster.replicas" . | int) 1 -}}
{{- $wrong = append $wrong (printf "history.store is memory, with %s gateways: each would number and keep messages for itself" (include "chatcluster.replicas" .)) -}}
{{- else if ne $mode "isolated" -}}
{{- $wrong = append $wrong (printf "history.store is memory, which is kept inside one gateway: mode %s needs redis, postgres, or off" $mode) -}}
{{- end -}}
{{- end -}}
{{- if .Values.worker.enabled -}}
{{- /* The operator lets workers rest in that mode. */}}
{{- if and (eq $mode "isolated") (not .Values.operator.enabled) -}}
{{- $wrong = append $wrong "worker.enabled: a worker answers by the gateways' fan-out, so the mode may not be isolated" -}}
{{- end -}}
{{- if has .Values.history.store (list "memory" "off") -}}
{{- $wrong = append $wrong (printf "worker.enabled: a worker answers into the room log, so history.store may not be %s" .Values.history.store) -}}
{{- end -}}
{{- end -}}
{{- toJson $wrong -}}
{{- end }}

{{- define "chatcluster.checks.operator" -}}
{{- $wrong := list -}}
{{- with .Values.cluster.gateways -}}
{{- if and .autoscale .external -}}
{{- $wrong = append $wrong "cluster.gateways.autoscale and cluster.gateways.external: choose one of them" -}}
{{- else if and (not .autoscale) (not .external) (kindIs "invalid" .replicas) -}}
{{- $wrong = append $wrong "cluster.gateways: give one of replicas, autoscale and external" -}}
{{- end -}}
{{- with .autoscale -}}
{{- if lt (int .max) (.min | default 2 | int) -}}
{{- $wrong = append $wrong (printf "cluster.gateways.autoscale: max is %d, which is less than min, %d" (int .max) (.min | default 2 | int)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $operator := .Values.operator -}}
{{- if not $operator.enabled -}}
{{- $asked := dict "gateways.autoscale" .Values.cluster.gateways.autoscale "gateways.external" .Values.cluster.gateways.external "rebalance.enabled" .Values.cluster.rebalance.enabled "paused" .Values.cluster.paused -}}
{{- range $path, $value := $asked -}}
{{- if $value -}}
{{- $wrong = append $wrong (printf "cluster.%s: it is the operator that does it, and operator.enabled is false" $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $operator.enabled (not $operator.install) .Values.networkPolicy.enabled (not .Values.networkPolicy.operator) -}}
{{- $wrong = append $wrong "operator.install is false: networkPolicy.operator has to say where the operator is that may reach the admin ports" -}}
{{- end -}}
{{- toJson $wrong -}}
{{- end }}

{{- define "chatcluster.checks.others" -}}
{{- $wrong := list -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $wrong = append $wrong "ingress.enabled: ingress.hosts has to name at least one host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $wrong = append $wrong "httpRoute.enabled: httpRoute.parentRefs has to name a Gateway" -}}
{{- end -}}
{{- if and .Values.monitoring.prometheusRule.enabled (not .Values.monitoring.podMonitor.enabled) -}}
{{- $wrong = append $wrong "monitoring.prometheusRule.enabled: its alerts read what monitoring.podMonitor brings, so that has to be enabled too" -}}
{{- end -}}
{{- if and (eq .Values.gateway.service.type "ClusterIP") .Values.gateway.service.loadBalancerSourceRanges -}}
{{- $wrong = append $wrong "gateway.service.loadBalancerSourceRanges: for type LoadBalancer only; behind a ClusterIP it would keep nobody out (networkPolicy.clients would)" -}}
{{- end -}}
{{- range $part := list "gateway" "hub" "worker" "operator" -}}
{{- range (get $.Values $part).extraEnv -}}
{{- if has .name (list "CHAT_MODE" "CHAT_HISTORY" "CHAT_PORT" "CHAT_ADMIN_PORT" "CHAT_HOST" "CHAT_ADMIN_HOST" "CHAT_SETTLE_SECONDS" "CHAT_DRAIN_SECONDS" "CHAT_FANOUT_FILE" "CHAT_OPERATOR_NAMESPACES" "CHAT_OPERATOR_NAMES" "CHAT_OPERATOR_LEASE" "CHAT_OPERATOR_LEASE_NAMESPACE") -}}
{{- $wrong = append $wrong (printf "%s.extraEnv: %s is decided by other values of this chart" $part .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $wrong -}}
{{- end }}
