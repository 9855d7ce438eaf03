{{/* How Prometheus knows the series of a part: the PodMonitor's job, and the label that it copies. Takes a list: context, part. */}}
{{- define "chatcluster.series" -}}
{{- $context := index . 0 -}}
{{- $names := include "chatcluster.names" $context | fromYaml -}}
namespace="{{ $context.Release.Namespace }}",job="{{ $context.Release.Namespace }}/{{ $names.base }}"
{{- with index . 1 -}} ,app_kubernetes_io_component="{{ . }}" {{- end }}
{{- end }}
