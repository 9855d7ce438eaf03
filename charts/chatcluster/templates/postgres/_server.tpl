{{- define "chatcluster.postgres.serverEnv" -}}
- name: POSTGRES_USER
  value: chatcluster
- name: POSTGRES_DB
  value: chatcluster
- name: PGDATA
  value: /var/lib/postgresql/18/docker
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef: {{- include "chatcluster.postgres.password" . | nindent 6 }}
{{- end }}

{{- define "chatcluster.postgres.mounts" -}}
- {name: data, mountPath: /var/lib/postgresql}
- {name: run, mountPath: /var/run/postgresql}
- {name: tmp, mountPath: /tmp}
{{- end }}
