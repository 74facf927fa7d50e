import type { AdmissionPlugin } from './admission.ts'

/** An event names the namespace of what it is about; the two may not differ, and readers rely on the type. */
export const eventDefaults: AdmissionPlugin = {
  name: 'EventDefaults',
  handles: ({ operation, kind }) => operation === 'CREATE' && kind.storage.prefix === '/events/',
  mutate({ object }) {
    const event = object as unknown as Record<string, unknown>
    event.type ??= 'Normal'
  },
}
