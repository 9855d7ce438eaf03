{{/* Where secrets are: name and key, for a secretKeyRef. */}}

{{- define "chatcluster.hub.token" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
{{- $own := .Values.hub.token -}}
name: {{ $own.existingSecret | default $names.hubTokens }}
key: {{ ternary $own.key $keys.hubToken (not (empty $own.existingSecret)) }}
{{- end }}

{{- define "chatcluster.hub.broadcastToken" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
{{- $own := .Values.hub.broadcast -}}
name: {{ $own.existingSecret | default $names.hubTokens }}
key: {{ ternary $own.key $keys.broadcastToken (not (empty $own.existingSecret)) }}
{{- end }}

{{- define "chatcluster.admin.token" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
{{- $own := .Values.admin.token -}}
name: {{ $own.existingSecret | default $names.adminToken }}
key: {{ ternary $own.key $keys.adminToken (not (empty $own.existingSecret)) }}
{{- end }}

{{- define "chatcluster.valkey.password" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
{{- $own := .Values.valkey.auth -}}
name: {{ $own.existingSecret | default $names.valkey }}
key: {{ ternary $own.key $keys.valkeyPassword (not (empty $own.existingSecret)) }}
{{- end }}

{{- define "chatcluster.postgres.password" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
name: {{ $names.postgres }}
key: {{ $keys.postgresPassword }}
{{- end }}

{{/*
One entry of a Secret's `data`: what is there already, or something new. Takes a list: the context, the Secret's name, the key.
Without a cluster to look at (`helm template`, Argo CD) it is new each time: use Secrets of your own there.
*/}}
{{- define "chatcluster.generated" -}}
{{- $there := lookup "v1" "Secret" (index . 0).Release.Namespace (index . 1) -}}
{{- $data := (get ($there | default dict) "data") | default dict -}}
{{ index . 2 }}: {{ get $data (index . 2) | default (randAlphaNum 32 | b64enc) }}
{{- end }}
