/** For text and attributes of HTML and SVG alike. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => ENTITIES[character]!)

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
