import type { FieldSetSharing } from '../api/apply/share_field_sets.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Store } from '../store/store.ts'
import type { Admission } from './admission/admission.ts'
import type { KindCatalog } from './kind_catalog.ts'
import type { Quotas } from './registry/quotas.ts'
import type { SetDefaults } from './registry/read_object.ts'
import type { Selectors } from './registry/selectors.ts'
import type { ServiceAddresses } from './registry/service_addresses.ts'
import type { Turns } from './registry/turns.ts'
import type { Views } from './registry/views.ts'
import type { WatchEvents } from './registry/watch_events.ts'
import type { WatchHubs } from './registry/watch_hub.ts'

/** What serving resources needs; made once per server. */
export interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly catalog: KindCatalog
  readonly selectors: Selectors
  readonly setDefaults: SetDefaults
  readonly fieldSets: FieldSetSharing
  readonly views: Views
  readonly events: WatchEvents
  readonly hubs: WatchHubs
  readonly admission: Admission
  readonly serviceAddresses: ServiceAddresses
  readonly quotas: Quotas
  /** For writes that depend on more than the object they write. */
  readonly turns: Turns
}
