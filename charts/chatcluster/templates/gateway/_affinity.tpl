{{/*
Annotations that bring a polling client to the same gateway each time, by a cookie, and keep a quiet WebSocket open. The cookie
names a gateway that may be gone: the client then gets another one, and begins anew there.
*/}}
{{- define "chatcluster.affinity.ingress" -}}
{{- if eq .Values.ingress.affinity "nginx" -}}
nginx.ingress.kubernetes.io/affinity: cookie
# `balanced` would move clients in the middle of a session when gateways are added.
nginx.ingress.kubernetes.io/affinity-mode: persistent
nginx.ingress.kubernetes.io/session-cookie-name: chatcluster
nginx.ingress.kubernetes.io/session-cookie-change-on-failure: "true"
nginx.ingress.kubernetes.io/session-cookie-samesite: Lax
nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"
nginx.ingress.kubernetes.io/proxy-send-timeout: "3600"
{{- end -}}
{{- end }}

{{/* These controllers read them from the Service. */}}
{{- define "chatcluster.affinity.service" -}}
{{- if and .Values.ingress.enabled (eq .Values.ingress.affinity "haproxy") -}}
haproxy.org/cookie-persistence: chatcluster
{{- else if and .Values.ingress.enabled (eq .Values.ingress.affinity "traefik") -}}
traefik.ingress.kubernetes.io/service.sticky.cookie: "true"
traefik.ingress.kubernetes.io/service.sticky.cookie.name: chatcluster
traefik.ingress.kubernetes.io/service.sticky.cookie.httponly: "true"
traefik.ingress.kubernetes.io/service.sticky.cookie.samesite: lax
{{- end -}}
{{- end }}
