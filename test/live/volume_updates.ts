/** One Pod whose containers each wait for a change of what they show; the titles are those of Kubernetes' conformance tests. */

import { volumeOf } from './volume_pods.ts'

interface Update {
  readonly title: string
  readonly container: string
  readonly mounts: Readonly<Record<string, object>>
  /** Shell conditions. */
  readonly was: string
  readonly is: string
}

const KINDS = [
  { suite: 'ConfigMap', container: 'config', volume: (name: string, optional?: boolean) => ({ configMap: { name, optional } }) },
  { suite: 'Secrets', container: 'secret', volume: (name: string, optional?: boolean) => ({ secret: { secretName: name, optional } }) },
  {
    suite: 'Projected configMap',
    container: 'projected-config',
    volume: (name: string, optional?: boolean) => ({ projected: { sources: [{ configMap: { name, optional } }] } }),
  },
  {
    suite: 'Projected secret',
    container: 'projected-secret',
    volume: (name: string, optional?: boolean) => ({ projected: { sources: [{ secret: { name, optional } }] } }),
  },
] as const

const about = (what: string) => ({ items: [{ path: 'it', fieldRef: { fieldPath: `metadata.${what}` } }] })

export const UPDATES: readonly Update[] = [
  ...KINDS.map(({ suite, container, volume }) => ({
    title: `${suite} optional updates should be reflected in volume`,
    container: `${container}-optional`,
    mounts: { '/removed': volume('removed', true), '/changed': volume('changed', true), '/made': volume('made', true) },
    was: '[ -e /removed/data ] && [ "$(cat /changed/data)" = old ] && [ ! -e /made/data ]',
    is: '[ ! -e /removed/data ] && [ "$(cat /changed/data)" = new ] && [ "$(cat /made/data)" = new ]',
  })),
  ...KINDS.filter(({ suite }) => suite.includes('onfigMap')).map(({ suite, container, volume }) => ({
    title: `${suite} updates should be reflected in volume`,
    container,
    mounts: { '/v': volume('changed') },
    was: '[ "$(cat /v/data)" = old ]',
    is: '[ "$(cat /v/data)" = new ]',
  })),
  ...(['downwardAPI', 'projected'] as const).flatMap(kind =>
    [
      { what: 'labels', was: 'shade="light"', is: 'shade="dark"' },
      { what: 'annotations', was: 'note="old"', is: 'note="new"' },
    ].map(({ what, was, is }) => ({
      title: `${kind === 'projected' ? 'Projected downwardAPI' : 'Downward API volume'} should update ${what} on modification`,
      container: `${kind.toLowerCase()}-${what}`,
      mounts: { '/v': kind === 'projected' ? { projected: { sources: [{ downwardAPI: about(what) }] } } : { downwardAPI: about(what) } },
      was: `grep -qx '${was}' /v/it`,
      is: `grep -qx '${is}' /v/it`,
    })),
  ),
  {
    title: 'an update is seen as a whole: who reads all the while never finds some files old and some new',
    container: 'atomic',
    mounts: { '/v': { configMap: { name: 'changed' } } },
    was: '[ "$(cat /v/data)" = old ]',
    // Each look is taken from one directory: the link is followed once. It may go while it is looked at, and then shows nothing.
    is: '! { cd -P /v/..data && a=$(cat data 2>/dev/null) && b=$(cat also 2>/dev/null) && { [ "$a" = "$b" ] || [ -z "$a" ] || [ -z "$b" ] || echo "mixed: $a and $b"; }; [ "$a" != new ]; }',
  },
  {
    title: 'a subPath stays as it was while the volume beside it is updated',
    container: 'sub-path',
    mounts: { '/v': { configMap: { name: 'changed' } }, '/file': { configMap: { name: 'changed' }, mount: { subPath: 'data' } } },
    was: '[ "$(cat /file)" = old ]',
    is: '[ "$(cat /v/data)" = new ] && [ "$(cat /file)" = old ]',
  },
]

const both = (name: string, data: string): object[] => [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { data, also: data } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { data, also: data } },
]

export const changes = {
  before: [...both('removed', 'old'), ...both('changed', 'old')],
  after: [...both('changed', 'new'), ...both('made', 'new')],
  removed: ['configmap/removed', 'secret/removed'],
}

const named = UPDATES.flatMap(({ container, mounts }) =>
  Object.entries(mounts).map(([path, what], i) => ({ container, path, what: what as { mount?: object }, volume: `${container}-${i}` })),
)

export const updatingPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'updates', labels: { shade: 'light' }, annotations: { note: 'old' } },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    volumes: named.map(({ volume, what }) => volumeOf(volume, what)),
    containers: UPDATES.map(({ container, was, is }) => ({
      name: container,
      image: 'busybox',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', `{ ${was}; } 2>/dev/null && echo as it was; until { ${is}; } 2>/dev/null; do sleep 0.1; done; echo as it is now`],
      volumeMounts: named.filter(one => one.container === container).map(({ volume, path, what }) => ({ name: volume, mountPath: path, ...what.mount })),
    })),
  },
}
