{{/* Labels of an object. Takes a list: the context, and the part's name or "". */}}
{{- define "chatcluster.labels" -}}
{{- $context := index . 0 -}}
{{ include "chatcluster.selector" . }}
app.kubernetes.io/version: {{ $context.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: chatcluster
app.kubernetes.io/managed-by: {{ $context.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $context.Chart.Name $context.Chart.Version | replace "+" "_" }}
{{- with $context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The labels by which a part's pods are found; they never change. */}}
{{- define "chatcluster.selector" -}}
{{- $context := index . 0 -}}
{{- $part := index . 1 -}}
app.kubernetes.io/name: {{ $context.Values.nameOverride | default $context.Chart.Name }}
app.kubernetes.io/instance: {{ $context.Release.Name }}
{{- with $part }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/*
Labels of a part's pods. Not the chart's version: a change of that alone would move every client. Takes a list: the context, the
part, and further labels.
*/}}
{{- define "chatcluster.podLabels" -}}
{{- $own := include "chatcluster.selector" . | fromYaml -}}
{{- merge $own (dict "app.kubernetes.io/part-of" "chatcluster") (index . 2) (index . 0).Values.commonLabels | toYaml -}}
{{- end }}
