import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printFieldError } from './field_error.ts'
import { matchesFields, parseFieldSelector, requiredFieldValue } from './field_selector.ts'
import { matchesLabels, matchesLabelSelector, parseLabelSelector, printLabelRequirements, requirementsOf, validateLabelSelector } from './label_selector.ts'
import { ApiError } from './status.ts'

const refusal = (message: RegExp) => (error: unknown) => error instanceof ApiError && error.code === 400 && message.test(error.message)

test('a label selector matches as the grammar says', () => {
  const web = { app: 'web', tier: 'front', weight: '10', 'example.com/role': 'a', empty: '' }
  const cases: [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    [' app = web ', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app in (web,db)', true],
    ['app in (db)', false],
    ['app notin (db,x)', true],
    ['app notin (web)', false],
    ['missing notin (x)', true],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['! app', false],
    ['app=web,tier=front', true],
    ['app=web,tier=back', false],
    ['example.com/role=a', true],
    ['weight>9', true],
    ['weight>10', false],
    ['weight<11', true],
    ['app>1', false],
    ['empty=', true],
    ['app=', false],
    ['empty in ()', true],
    ['app in (web,)', true],
    ['in=x', false],
    ['toString', false],
  ]
  for (const [selector, expected] of cases) assert.equal(matchesLabels(parseLabelSelector(selector), web), expected, selector)
  assert.equal(matchesLabels(parseLabelSelector('app'), undefined), false)
  assert.equal(matchesLabels(parseLabelSelector('!app'), undefined), true)
})

test('what is no label selector is refused with 400', () => {
  for (const selector of ['=x', 'a b', 'a in x', 'a in (x', 'a,', ',a', 'a=b=c', 'a!', '!', 'a in (x))'])
    assert.throws(() => parseLabelSelector(selector), refusal(/^unable to parse requirement: found /), selector)
  assert.throws(() => parseLabelSelector('a/b/c=x'), refusal(/^unable to parse requirement: key: Invalid value: "a\/b\/c": a qualified name must consist/))
  assert.throws(() => parseLabelSelector('a=b/c'), refusal(/values\[0\]\[a\]: Invalid value: "b\/c": a valid label must be/))
  assert.throws(() => parseLabelSelector('a>b'), refusal(/the value must be an integer/))
})

test('a selector object selects by labels and expressions; without one nothing is selected', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'NotIn' as const, values: ['back'] },
      { key: 'old', operator: 'DoesNotExist' as const },
    ],
  }
  assert.equal(matchesLabelSelector(selector, { app: 'web' }), true)
  assert.equal(matchesLabelSelector(selector, { app: 'web', tier: 'back' }), false)
  assert.equal(matchesLabelSelector(selector, { app: 'web', old: '' }), false)
  assert.equal(matchesLabelSelector({}, { app: 'web' }), true)
  assert.equal(matchesLabelSelector(undefined, { app: 'web' }), false)
  assert.equal(printLabelRequirements(requirementsOf(selector)), 'app=web,!old,tier!=back')
  assert.equal(printLabelRequirements(parseLabelSelector('b in (y,x), a')), 'a,b in (x,y)')
})

test('a wrong selector object is described field by field', () => {
  const errors = validateLabelSelector(
    {
      matchLabels: { 'a b': 'c' },
      matchExpressions: [
        { key: 'x', operator: 'In' },
        { key: 'x', operator: 'Exists', values: ['y'] },
        { key: 'x', operator: 'Like' as never, values: ['-'] },
      ],
    },
    'spec.selector',
  ).map(printFieldError)
  assert.equal(errors.length, 5)
  assert.match(errors[0]!, /^spec.selector.matchLabels: Invalid value: "a b": name part must consist of/)
  assert.equal(errors[1], "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'")
  assert.equal(errors[2], "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
  assert.equal(errors[3], 'spec.selector.matchExpressions[2].operator: Invalid value: "Like": not a valid selector operator')
  assert.match(errors[4]!, /^spec.selector.matchExpressions\[2\].values\[0\]: Invalid value: "-"/)
})

test('a field selector matches by equality on the fields the kind names', () => {
  const readers = { 'status.phase': (object: any) => object.status.phase as string }
  const pod: any = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' }, status: { phase: 'Run,ning' } }
  const cases: [string, boolean][] = [
    ['', true],
    ['metadata.name=a', true],
    ['metadata.name==a', true],
    ['metadata.name!=a', false],
    ['metadata.name=b', false],
    ['metadata.name=a,metadata.namespace=n', true],
    ['metadata.name=a,metadata.namespace=m', false],
    ['status.phase=Run\\,ning', true],
    ['status.phase!=Failed', true],
    ['status.phase=', false],
  ]
  for (const [selector, expected] of cases) assert.equal(matchesFields(parseFieldSelector(selector, readers), pod, readers), expected, selector)
  assert.equal(requiredFieldValue(parseFieldSelector('status.phase!=x,metadata.name=a', readers), 'metadata.name'), 'a')
  assert.throws(() => parseFieldSelector('spec.x=1', readers), refusal(/^field label not supported: spec.x$/))
  assert.throws(() => parseFieldSelector('toString=1', readers), refusal(/^field label not supported: toString$/))
  assert.throws(() => parseFieldSelector('metadata.name', readers), refusal(/^invalid selector: 'metadata.name'; can't understand 'metadata.name'$/))
  assert.throws(() => parseFieldSelector('metadata.name=a=b', readers), refusal(/unescaped '='/))
})
