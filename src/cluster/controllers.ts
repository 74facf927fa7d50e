/** The controller manager: every controller, and what each of them looks at. */
import { ConfigMap } from '../api/kinds/config_map.ts'
import { ControllerRevision } from '../api/kinds/controller_revision.ts'
import { DaemonSet } from '../api/kinds/daemon_set.ts'
import { Deployment } from '../api/kinds/deployment.ts'
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Endpoints } from '../api/kinds/endpoints.ts'
import { HorizontalPodAutoscaler } from '../api/kinds/horizontal_pod_autoscaler.ts'
import { kinds } from '../api/kinds/index.ts'
import { CronJob } from '../api/kinds/cron_job.ts'
import { Job } from '../api/kinds/job.ts'
import { Lease } from '../api/kinds/lease.ts'
import { Namespace } from '../api/kinds/namespace.ts'
import { Node } from '../api/kinds/node.ts'
import { PersistentVolumeClaim } from '../api/kinds/persistent_volume_claim.ts'
import { Pod } from '../api/kinds/pod.ts'
import { ReplicaSet } from '../api/kinds/replica_set.ts'
import { ReplicationController } from '../api/kinds/replication_controller.ts'
import { ServiceAccount } from '../api/kinds/service_account.ts'
import { Service } from '../api/kinds/service.ts'
import { StatefulSet } from '../api/kinds/stateful_set.ts'
import type { Host } from '../base/host.ts'
import type { CacheOf } from '../client/caches.ts'
import { indexBy } from '../client/cache_index.ts'
import type { Client } from '../client/client.ts'
import { createEventRecorder } from '../client/events.ts'
import { startBuiltInServicesController, type BuiltInService } from '../controllers/built_in_services.ts'
import { startDisruptionController } from '../controllers/disruption/disruption.ts'
import { startStaleDisruptionController } from '../controllers/disruption/stale_disruptions.ts'
import { startDaemonSetController } from '../controllers/daemon_set/daemon_set.ts'
import { startDeploymentController } from '../controllers/deployment/deployment.ts'
import { startEndpointSliceController } from '../controllers/endpoints/endpoint_slices.ts'
import { startEndpointsController } from '../controllers/endpoints/endpoints.ts'
import { startEndpointSliceMirroringController } from '../controllers/endpoints/mirroring.ts'
import { startGarbageCollector } from '../controllers/garbage_collector/garbage_collector.ts'
import { startHorizontalPodAutoscalerController } from '../controllers/horizontal_pod_autoscaler/horizontal_pod_autoscaler.ts'
import { startCronJobController } from '../controllers/cron_job/cron_job.ts'
import { startJobController } from '../controllers/job/job.ts'
import { startJobOrphansController } from '../controllers/job/orphans.ts'
import { startNamespaceController } from '../controllers/namespace/namespace.ts'
import { startLostPodsController } from '../controllers/node_lifecycle/lost_pods.ts'
import { startNodeLifecycleController } from '../controllers/node_lifecycle/node_lifecycle.ts'
import { startNodeTaintController } from '../controllers/node_taints.ts'
import { startPodGarbageCollector } from '../controllers/pod_garbage.ts'
import { startReplicaSetController, startReplicationController } from '../controllers/replica_set/replica_set.ts'
import { startResourceQuotaController } from '../controllers/resource_quota/resource_quota.ts'
import { startRootCaController } from '../controllers/root_ca.ts'
import { startServiceAccountController } from '../controllers/service_account.ts'
import { startStatefulSetController } from '../controllers/stateful_set/stateful_set.ts'
import { startSystemNamespacesController } from '../controllers/system_namespaces.ts'
import { startTaintEvictionController } from '../controllers/taint_eviction.ts'
import { startStorageControllers, type StorageParts } from '../controllers/persistent_volumes/storage.ts'
import { startTtlAfterFinishedController } from '../controllers/ttl_after_finished.ts'
import { createOwnedObjects } from '../controllers/workload/owned_objects.ts'

export interface ControllerManagerParts {
  readonly client: Client
  /** One for each kind, shared by all. */
  readonly cacheOf: CacheOf
  /** PEM, published to every namespace. */
  readonly caCertificate: string
  readonly builtIn: readonly BuiltInService[]
  readonly localPath: StorageParts['localPath']
}

export function startControllers(
  host: Host,
  { client, cacheOf, caCertificate, builtIn, localPath }: ControllerManagerParts,
): readonly { stop(): Promise<void> }[] {
  const pods = cacheOf(Pod)
  const nodes = cacheOf(Node)
  const namespaces = cacheOf(Namespace)
  const services = cacheOf(Service)
  const endpoints = cacheOf(Endpoints)
  const endpointSlices = cacheOf(EndpointSlice)
  const events = (component: string) => createEventRecorder(host, client, { component })

  const nodeEvents = events('node-controller')
  const replicaSets = cacheOf(ReplicaSet)
  const ownedPods = createOwnedObjects(pods)
  const jobs = cacheOf(Job)
  const revisions = cacheOf(ControllerRevision)
  const ownedRevisions = createOwnedObjects(revisions)
  const podsOn = indexBy(pods, ({ spec }) => [spec.nodeName ?? ''])

  return [
    startGarbageCollector(host, client, { kinds, cacheOf, events: events('garbage-collector-controller') }),
    startNamespaceController(host, client, { namespaces, kinds, cacheOf }),
    startSystemNamespacesController(host, client, { namespaces }),
    startServiceAccountController(host, client, { namespaces, serviceAccounts: cacheOf(ServiceAccount) }),
    startRootCaController(host, client, { namespaces, configMaps: cacheOf(ConfigMap), caCertificate }),
    startNodeTaintController(host, client, { nodes }),
    startNodeLifecycleController(host, client, { nodes, leases: cacheOf(Lease), events: nodeEvents }),
    startLostPodsController(host, client, { nodes, pods, podsOn, events: nodeEvents }),
    startPodGarbageCollector(host, client, { pods, nodes }),
    startTaintEvictionController(host, client, { pods, nodes, podsOn, events: events('taint-eviction-controller') }),
    startBuiltInServicesController(host, client, { services, endpoints, endpointSlices, builtIn }),
    startEndpointSliceController(host, client, { services, pods, endpointSlices, nodes, events: events('endpoint-slice-controller') }),
    startEndpointsController(host, client, { services, pods, endpoints }),
    startEndpointSliceMirroringController(host, client, { services, endpoints, endpointSlices }),
    startReplicaSetController(host, client, { replicaSets, pods, ownedPods, events: events('replicaset-controller') }),
    startHorizontalPodAutoscalerController(host, client, {
      horizontalPodAutoscalers: cacheOf(HorizontalPodAutoscaler),
      pods,
      kinds,
      events: events('horizontal-pod-autoscaler'),
    }),
    startReplicationController(host, client, {
      replicationControllers: cacheOf(ReplicationController),
      pods,
      ownedPods,
      events: events('replication-controller'),
    }),
    startDeploymentController(host, client, { deployments: cacheOf(Deployment), replicaSets, pods, ownedPods, events: events('deployment-controller') }),
    startDaemonSetController(host, client, {
      daemonSets: cacheOf(DaemonSet),
      nodes,
      pods,
      ownedPods,
      revisions,
      ownedRevisions,
      events: events('daemonset-controller'),
    }),
    startStatefulSetController(host, client, {
      statefulSets: cacheOf(StatefulSet),
      pods,
      ownedPods,
      revisions,
      ownedRevisions,
      claims: cacheOf(PersistentVolumeClaim),
      events: events('statefulset-controller'),
    }),
    startJobController(host, client, { jobs, pods, ownedPods, events: events('job-controller') }),
    startJobOrphansController(host, client, { jobs, pods, ownedPods }),
    startTtlAfterFinishedController(host, client, { jobs }),
    startCronJobController(host, client, { cronJobs: cacheOf(CronJob), jobs, ownedJobs: createOwnedObjects(jobs), events: events('cronjob-controller') }),
    startDisruptionController(host, client, { kinds, cacheOf, events: events('controllermanager') }),
    startStaleDisruptionController(host, client, { cacheOf }),
    startResourceQuotaController(host, client, { kinds, cacheOf }),
    startStorageControllers(host, client, { cacheOf, events, localPath }),
  ]
}
