/** Whether an element is in the window, or will soon be: what is far away need not be drawn before somebody comes there. */
import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const MARGIN = '800px 0px'

export function useNear(element: RefObject<HTMLElement | null>, isWatched: boolean): boolean {
  const [isNear, setNear] = useState(false)
  useEffect(() => {
    if (!isWatched) return undefined
    const observer = new IntersectionObserver(entries => setNear(entries.at(-1)!.isIntersecting), { rootMargin: MARGIN })
    observer.observe(element.current!)
    const print = (): void => setNear(true)
    addEventListener('beforeprint', print)
    return () => {
      observer.disconnect()
      removeEventListener('beforeprint', print)
    }
  }, [isWatched])
  return isNear || !isWatched
}
