{{- define "vrdata.fullname" -}}
{{- if contains "vrdata" .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-vrdata" .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "vrdata.selectorLabels" -}}
app.kubernetes.io/name: vrdata
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "vrdata.commonLabels" -}}
app.kubernetes.io/name: vrdata
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: vrdata
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "vrdata.labels" -}}
{{ include "vrdata.commonLabels" . }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "vrdata.serviceAccountName" -}}
{{- if .Values.serviceAccount.name -}}
{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create -}}
{{ include "vrdata.fullname" . }}
{{- else -}}
default
{{- end -}}
{{- end }}

{{- define "vrdata.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{- $tag := .Values.image.tag | default (printf "v%s" .Chart.AppVersion) -}}
{{- if eq $tag "latest" }}{{ fail "image.tag: latest is not a version; set a version, or image.digest" }}{{ end -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{/* Known namespaces of workers: the release's own, and the watched ones. */}}
{{- define "vrdata.workerNamespaces" -}}
{{- append .Values.watch.namespaces .Release.Namespace | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* Permissions of the operator in namespaces with runs. */}}
{{- define "vrdata.runRules" }}
- apiGroups: [vrdata.dev]
  resources: [generationruns]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [vrdata.dev]
  resources: [generationruns/status]
  verbs: [patch]
- apiGroups: [vrdata.dev]
  # For owner references with blockOwnerDeletion (admission plugin OwnerReferencesPermissionEnforcement).
  resources: [generationruns/finalizers, generationprofiles/finalizers]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [""]
  resources: [events]
  verbs: [list, create]
{{- end }}

{{/* Labels and annotations of the hook of `helm uninstall`; a failed Job is kept for its logs. */}}
{{- define "vrdata.removalMeta" -}}
{{- $root := index . 0 -}}
labels: {{- include "vrdata.commonLabels" $root | nindent 2 }}
  app.kubernetes.io/component: removal
annotations:
  helm.sh/hook: pre-delete
  helm.sh/hook-weight: {{ index . 1 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* Environment variables of the operator and its doctor. */}}
{{- define "vrdata.operatorEnv" -}}
- name: VRDATA_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: VRDATA_WATCH_NAMESPACES
  value: {{ join "," .Values.watch.namespaces | quote }}
- name: VRDATA_METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
- name: VRDATA_PER_GENERATOR_METRICS
  value: {{ .Values.metrics.perGenerator | quote }}
- name: VRDATA_LOG_FORMAT
  value: {{ .Values.logFormat | quote }}
- name: VRDATA_PROFILES
  value: /etc/vrdata/profiles.yaml
{{- with .Values.storage.persistentVolumeClaim }}
- name: VRDATA_CLAIM
  value: {{ . | quote }}
{{- end }}
- name: HOME
  value: /tmp
{{- with .Values.storage.existingSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.storage.accessKeyIdKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.storage.secretAccessKeyKey }}}}
{{- end }}
{{- with .Values.extraEnv }}{{ toYaml . | nindent 0 }}{{ end }}
{{- end }}
