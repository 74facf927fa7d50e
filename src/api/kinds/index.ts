/** Every kind the server knows from the start. Adding a kind is adding a file and a line here. */
import type { Kind } from '../kind.ts'
import { Binding } from './binding.ts'
import { ConfigMap } from './config_map.ts'
import { ControllerRevision } from './controller_revision.ts'
import { CronJob } from './cron_job.ts'
import { DaemonSet } from './daemon_set.ts'
import { Deployment } from './deployment.ts'
import { EndpointSlice } from './endpoint_slice.ts'
import { Endpoints } from './endpoints.ts'
import { Event } from './event.ts'
import { EventsEvent } from './events_event.ts'
import { HorizontalPodAutoscaler } from './horizontal_pod_autoscaler.ts'
import { HorizontalPodAutoscalerV1 } from './horizontal_pod_autoscaler_v1.ts'
import { Job } from './job.ts'
import { Lease } from './lease.ts'
import { LimitRange } from './limit_range.ts'
import { LocalSubjectAccessReview } from './local_subject_access_review.ts'
import { NodeMetrics } from './node_metrics.ts'
import { PodMetrics } from './pod_metrics.ts'
import { PodTimeline } from './pod_timeline.ts'
import { Namespace } from './namespace.ts'
import { Node } from './node.ts'
import { PersistentVolumeClaim } from './persistent_volume_claim.ts'
import { PersistentVolume } from './persistent_volume.ts'
import { Pod } from './pod.ts'
import { PodDisruptionBudget } from './pod_disruption_budget.ts'
import { PodTemplate } from './pod_template.ts'
import { PriorityClass } from './priority_class.ts'
import { ReplicaSet } from './replica_set.ts'
import { ReplicationController } from './replication_controller.ts'
import { ResourceQuota } from './resource_quota.ts'
import { RuntimeClass } from './runtime_class.ts'
import { Secret } from './secret.ts'
import { SelfSubjectAccessReview } from './self_subject_access_review.ts'
import { SelfSubjectReview } from './self_subject_review.ts'
import { SelfSubjectRulesReview } from './self_subject_rules_review.ts'
import { ServiceAccount } from './service_account.ts'
import { Service } from './service.ts'
import { StatefulSet } from './stateful_set.ts'
import { StorageClass } from './storage_class.ts'
import { SubjectAccessReview } from './subject_access_review.ts'
import { TokenReview } from './token_review.ts'

/** In the order discovery lists them: by group, then by name. Kinds of subresources alone (Eviction, TokenRequest) hang on their resource. */
export const kinds: readonly Kind[] = [
  Binding,
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolumeClaim,
  PersistentVolume,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  ServiceAccount,
  Service,
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV1,
  CronJob,
  Job,
  EventsEvent,
  EndpointSlice,
  Lease,
  RuntimeClass,
  PodDisruptionBudget,
  PriorityClass,
  StorageClass,
  SelfSubjectReview,
  TokenReview,
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  NodeMetrics,
  PodMetrics,
  PodTimeline,
]
