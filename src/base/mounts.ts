/** File systems that Poise mounts on its machine: in memory, and directories of volumes made visible elsewhere. */
export interface Mounts {
  /** A file system in memory over a directory that is there. The kernel refuses writes beyond `bytes`. */
  memory(directory: string, options: { mode: number; bytes?: number; groupId?: number }): Promise<void>
  /**
   * Makes what lies at `parts` below `root` visible at `target`, and returns the path to hand to a runtime. What is missing
   * is made, as directories of `mode`. No part may be a link: whoever writes to `root` could turn one into a way out of it
   * between a look and the mount, so each step is taken from the directory that was looked at, never by name again.
   * Rejects with a DiskError when a part is a link by now.
   */
  bindInside(root: string, parts: readonly string[], target: string, options: { mode: number }): Promise<string>
  isMounted(directory: string): Promise<boolean>
  /** Ends every mount below the directory; one at the directory itself is somebody else's. Rejects when one of them is in use: then nothing there may be removed. */
  unmountBelow(directory: string): Promise<void>
}
