{{/* Parts of pods that several programs share. */}}

{{- define "chatcluster.image" -}}
{{- $tag := .image.tag | default .appVersion -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{/* The image of our programs. */}}
{{- define "chatcluster.ourImage" -}}
{{- include "chatcluster.image" (dict "image" .Values.image "appVersion" .Chart.AppVersion) -}}
{{- end }}

{{- define "chatcluster.operatorImage" -}}
{{- include "chatcluster.image" (dict "image" .Values.operator.image "appVersion" .Chart.AppVersion) -}}
{{- end }}

{{/* Where a pod runs. Takes a list: the part's values, and its selector's labels for spreading or "". */}}
{{- define "chatcluster.placement" -}}
{{- $part := index . 0 -}}
{{- $selector := index . 1 -}}
{{- with $part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $part.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and $selector $part.topologySpreadConstraints }}
topologySpreadConstraints:
{{- range $part.topologySpreadConstraints }}
  - {{ toYaml . | nindent 4 | trim }}
    labelSelector:
      matchLabels: {{- $selector | nindent 8 }}
    {{- with (index $ 2) }}
    matchLabelKeys: [{{ . }}]
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who a pod is, and what it may not do. Takes a list: the context, the part's own name, and, for one that asks the API server,
whether its account's token is mounted. */}}
{{- define "chatcluster.identity" -}}
{{- $context := index . 0 -}}
{{- if or $context.Values.serviceAccount.create (gt (len .) 2) }}
serviceAccountName: {{ index . 1 }}
{{- end }}
automountServiceAccountToken: {{ gt (len .) 2 }}
# Otherwise a Service called `chat` would set CHAT_PORT.
enableServiceLinks: false
{{- with $context.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Probes at the admin port. */}}
{{- define "chatcluster.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: admin}
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: admin}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: admin}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 1
{{- end }}

{{/* Waits for what the program needs, so that it does not start and fail again and again. Takes a list: the
context, the part's values, its env, and what to wait for. */}}
{{- define "chatcluster.await" -}}
{{- $context := index . 0 -}}
{{- $part := index . 1 -}}
- name: await
  image: {{ include "chatcluster.ourImage" $context | quote }}
  imagePullPolicy: {{ $context.Values.image.pullPolicy }}
  command: [python, /etc/chatcluster/scripts/await_carriers.py, {{ index . 3 }}]
  env: {{- index . 2 | nindent 4 }}
  resources: {{- toYaml $part.resources | nindent 4 }}
  securityContext: {{- toYaml $context.Values.containerSecurityContext | nindent 4 }}
  volumeMounts:
    - {name: scripts, mountPath: /etc/chatcluster/scripts, readOnly: true}
    - {name: fanout, mountPath: /etc/chatcluster/fanout, readOnly: true}
{{- end }}

{{/* Files that gateways and workers read. */}}
{{- define "chatcluster.mounts" -}}
- {name: fanout, mountPath: /etc/chatcluster/fanout, readOnly: true}
{{- if include "chatcluster.redis.ca" . }}
- {name: redis-ca, mountPath: /etc/chatcluster/redis, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "chatcluster.volumes" -}}
{{- $names := include "chatcluster.names" . | fromYaml -}}
{{- $keys := include "chatcluster.keys" . | fromYaml -}}
- name: fanout
  configMap:
    name: {{ $names.fanout }}
    # A pod waits until it says which fan-out is in force.
    items: [{key: {{ $keys.fanout }}, path: {{ $keys.fanout }}}]
- name: scripts
  configMap:
    name: {{ $names.scripts }}
{{- with include "chatcluster.redis.ca" . }}
- name: redis-ca
  secret:
    secretName: {{ . }}
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{/* The Secret with the certificate authority of Redis, or "". */}}
{{- define "chatcluster.redis.ca" -}}
{{- if .Values.valkey.enabled -}}{{ .Values.valkey.tls.existingSecret }}{{- else -}}{{ .Values.redis.tls.caSecret }}{{- end -}}
{{- end }}
