import type { Kind } from '../api/kind.ts'
import { DaemonSet } from '../api/kinds/daemon_set.ts'
import { Deployment } from '../api/kinds/deployment.ts'
import { Pod } from '../api/kinds/pod.ts'
import { ReplicaSet } from '../api/kinds/replica_set.ts'
import { StatefulSet } from '../api/kinds/stateful_set.ts'
import type { WorkloadKind, WorkloadObject } from './workload.ts'

/** The declaration of a kind of workload: what the typed client is asked with. */
export const kindNamed = (kind: WorkloadKind): Kind<WorkloadObject> => KINDS[kind] as Kind<WorkloadObject>

const KINDS: Readonly<Record<WorkloadKind, Kind<never>>> = { Deployment, StatefulSet, DaemonSet, ReplicaSet, Pod }
