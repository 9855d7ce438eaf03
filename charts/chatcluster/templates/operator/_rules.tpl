{{/* What the operator may do to the objects of this release, which its ChatCluster names. */}}
{{- define "chatcluster.operator.ownRules" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $token := include "chatcluster.admin.token" . | fromYaml -}}
{{ include "chatcluster.operator.looking" . }}
- apiGroups: [chatcluster.dev]
  resources: [chatclusters/status, chatclusters/scale]
  resourceNames: [{{ $names.chatCluster }}]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  resourceNames: [{{ $names.gateway }}, {{ $names.hub }}, {{ $names.worker }}]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ $names.fanout }}]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ $token.name }}]
  verbs: [get]
{{- end }}

{{/* The same to those of any ChatCluster, whatever their names. */}}
{{- define "chatcluster.operator.rules" -}}
{{ include "chatcluster.operator.looking" . }}
- apiGroups: [chatcluster.dev]
  resources: [chatclusters/status, chatclusters/scale]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
{{- end }}

{{/* Pods have names that nobody knows before. */}}
{{- define "chatcluster.operator.looking" -}}
- apiGroups: [chatcluster.dev]
  resources: [chatclusters]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}
