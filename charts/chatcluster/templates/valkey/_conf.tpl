{{- define "chatcluster.valkey.conf" -}}
{{- if .Values.valkey.tls.existingSecret -}}
port 0
tls-port 6379
tls-cert-file /etc/valkey/tls/tls.crt
tls-key-file /etc/valkey/tls/tls.key
tls-ca-cert-file /etc/valkey/tls/ca.crt
tls-auth-clients no
{{- else -}}
port 6379
{{- end }}
# There is a password, and a NetworkPolicy.
protected-mode no
dir /data
# What is acknowledged is on disk: no snapshot is needed besides.
appendonly yes
appendfsync {{ .Values.valkey.appendfsync }}
save ""
# Full means that the sender gets an error, not that old messages vanish.
maxmemory-policy noeviction
{{- range .Values.valkey.extraConfig }}
{{ . }}
{{- end }}
{{- end }}
