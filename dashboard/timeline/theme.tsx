import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

type Theme = 'light' | 'dark'

/** As the system wants it until somebody chooses; the choice lives as long as the page. */
export function ThemeToggle(): JSX.Element {
  const system = (): Theme => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
  const [theme, setTheme] = useState<Theme>(system)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const follow = (): void => {
      if (!document.documentElement.dataset['theme']) setTheme(system())
    }
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  const other: Theme = theme === 'dark' ? 'light' : 'dark'
  const change = (): void => {
    document.documentElement.dataset['theme'] = other
    setTheme(other)
  }
  return (
    <button type="button" class="theme" onClick={change}>
      {other === 'dark' ? 'Dark' : 'Light'}
    </button>
  )
}
