import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { PodGroup } from '../../src/timeline/model.ts'
import { useChart } from './chart_state.ts'
import { plural } from './describe.ts'
import { countsOf, STACK, type Counts } from './counts.ts'
import { Chevron } from './marks.tsx'
import type { AgedGroup } from './run_data.ts'
import { placeOf } from './view.ts'

interface GroupHeaderProps {
  readonly aged: AgedGroup
  readonly isOpen: boolean
  readonly toggle: () => void
}

/** All Pods of an owner at once: how many are in which stage. */
export function GroupHeader({ aged: { group, age }, isOpen, toggle }: GroupHeaderProps): JSX.Element {
  const { focusId, focus } = useChart()
  const header = groupHeader(group)
  const [kind, name] = group.owner ? group.owner.split('/') : ['', 'Pods without an owner']
  const counts = useMemo(() => countsOf(group), [group])
  const most = Math.max(1, ...counts.map(count => STACK.reduce((sum, stage) => sum + count[stage], 0)))
  return (
    <div class="row group-row" role="row" aria-level={1} aria-expanded={isOpen} aria-label={[age, group.owner || name].filter(Boolean).join(' ')}>
      <div class="gutter" role="rowheader">
        <button
          type="button"
          class="group-name"
          data-id={header}
          tabIndex={focusId === header ? 0 : -1}
          aria-expanded={isOpen}
          title={group.owner}
          onFocus={() => focus(header)}
          onClick={toggle}
        >
          <Chevron open={isOpen} />
          <span class="name">
            <span class="kind">
              {kind} {age ? <b class={`age age-${age}`}>{age}</b> : null}
            </span>
            <strong>{name}</strong>
          </span>
        </button>
        <span class="group-count">{plural(group.pods.length, 'Pod')}</span>
      </div>
      <div class="plot" role="gridcell">
        <StackChart counts={counts} most={most} />
        <span class="most" aria-hidden="true">
          {most}
        </span>
        <span class="sr-only">{summaryOf(group)}</span>
      </div>
    </div>
  )
}

function StackChart({ counts, most }: { counts: readonly Counts[]; most: number }): JSX.Element | null {
  const { view } = useChart()
  const x = (atMs: number) => Math.round(Math.min(1.05, Math.max(-0.05, placeOf(view, atMs))) * 10_000) / 10
  const y = (count: number) => 40 - (count / most) * 38
  const below = counts.map(() => 0)
  if (counts.length === 0) return null
  return (
    <svg class="stack" viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true">
      {STACK.map(stage => {
        const base = [...below]
        counts.forEach((count, index) => (below[index]! += count[stage]))
        const top = counts.map(({ fromMs, toMs }, index) => `L${x(fromMs)} ${y(below[index]!)}L${x(toMs)} ${y(below[index]!)}`).join('')
        const bottom = counts
          .map(({ fromMs, toMs }, index) => `L${x(toMs)} ${y(base[index]!)}L${x(fromMs)} ${y(base[index]!)}`)
          .reverse()
          .join('')
        return <path key={stage} class={`stack-${stage}`} d={`M${top.slice(1)}${bottom}Z`} />
      })}
    </svg>
  )
}

export const groupHeader = ({ namespace, owner }: PodGroup): string => `group/${namespace}/${owner}`

const summaryOf = ({ pods }: PodGroup): string => {
  const ready = pods.filter(lane => lane.ready).length
  const ended = pods.filter(({ goneMs }) => goneMs !== undefined).length
  return `${plural(pods.length, 'Pod')}: ${ready} became Ready, ${ended} gone`
}
