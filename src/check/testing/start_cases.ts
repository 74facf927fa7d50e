/** Pods that begin. Instants are milliseconds after the change began. */
import { stays, type DiagnosisCase } from './diagnosis_case.ts'
import { answered, pod, refused, reset } from './observed.ts'

export const START: Readonly<Record<string, DiagnosisCase>> = {
  'refused by a Pod that is Ready and was never heard: its port is not open yet': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [refused(1, 200, 'new'), refused(2, 1_900, 'new'), answered(3, 2_100, 'new')],
    because: { 'ready-before-listening': [1, 2] },
  },
  'it never listens at all': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [refused(1, 200, 'new'), refused(2, 9_000, 'new')],
    because: { 'ready-before-listening': [1, 2] },
  },
  'refused by a Pod that has been heard before is something else': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [answered(1, 200, 'new'), refused(2, 900, 'new')],
    because: { unknown: [2] },
  },
  'a probe over the network has heard it as well': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130, probed: 105, container: { readinessProbe: { tcpSocket: { port: 8080 } } } })],
    requests: [refused(1, 900, 'new')],
    because: { unknown: [1] },
  },
  'a probe that runs a command says nothing of the port': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130, probed: 105, container: { readinessProbe: { exec: { command: ['true'] } } } })],
    requests: [refused(1, 900, 'new')],
    because: { 'ready-before-listening': [1] },
  },
  'it listens, and answers 503 in its first seconds': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [answered(1, 300, 'new', { status: 503 }), answered(2, 4_000, 'new', { status: 503 }), answered(3, 5_000, 'new')],
    because: { 'slow-start': [1, 2] },
  },
  'it is slow in its first seconds': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [answered(1, 300, 'new', { took: 1_500 }), answered(2, 300, 'stays', { took: 20 })],
    because: { 'slow-start': [1] },
  },
  'it crashes in its first seconds, and is refused until it is heard again': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130, exit: 900, code: 1, again: 2_000 })],
    requests: [answered(1, 300, 'new'), reset(2, 880, 'new', { took: 21 }), refused(3, 1_200, 'new'), refused(4, 2_100, 'new'), answered(5, 2_500, 'new')],
    because: { 'slow-start': [2, 3, 4] },
  },
  'a 503 from a Pod that has long been Ready is the application’s own': {
    pods: [stays],
    requests: [answered(1, 300, 'stays', { status: 503 })],
    because: { unknown: [1] },
  },
  'slow from a Pod that has long been Ready, with all others there': {
    pods: [stays, pod('other')],
    requests: [answered(1, 300, 'stays', { took: 1_500 })],
    because: { unknown: [1] },
  },
}
