import type { JSX } from 'preact'

interface ToolbarProps {
  readonly zoomIn: () => void
  readonly zoomOut: () => void
  readonly showAll: () => void
  readonly showLoad: (() => void) | undefined
  readonly openAll: () => void
  readonly closeAll: () => void
}

export const Toolbar = ({ zoomIn, zoomOut, showAll, showLoad, openAll, closeAll }: ToolbarProps): JSX.Element => (
  <div class="toolbar" role="toolbar" aria-label="Timeline">
    <h3>Timeline</h3>
    <span class="buttons">
      <button type="button" onClick={zoomIn} aria-label="Zoom in" title="Zoom in (+)">
        +
      </button>
      <button type="button" onClick={zoomOut} aria-label="Zoom out" title="Zoom out (−)">
        −
      </button>
      <button type="button" onClick={showAll} title="Everything (0)">
        Everything
      </button>
      {showLoad ? (
        <button type="button" onClick={showLoad}>
          Under load
        </button>
      ) : null}
    </span>
    <span class="buttons">
      <button type="button" onClick={openAll}>
        Open all Pods
      </button>
      <button type="button" onClick={closeAll}>
        Close all
      </button>
    </span>
    <span class="hint">
      Drag to pan. Wheel over the axis, or <kbd>Ctrl</kbd> and wheel, to zoom. Keys: arrows, <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd>, <kbd>Enter</kbd> pins.
    </span>
  </div>
)
