/** Whether a text is an IP address or a range of them. */

export const isIPv4 = (text: string): boolean => {
  const parts = text.split('.')
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

export function isIPv6(text: string): boolean {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || text.includes(':::')) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1) ?? ''
  const endsInIPv4 = last.includes('.')
  if (endsInIPv4 && !isIPv4(last)) return false
  const count = groups.length + (endsInIPv4 ? 1 : 0)
  const hex = endsInIPv4 ? groups.slice(0, -1) : groups
  return hex.every(group => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 2 ? count < 8 : count === 8)
}

export const isIP = (text: string): boolean => isIPv4(text) || isIPv6(text)

export const ipAddress = (text: string): string[] => (isIP(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'])

export function ipRange(text: string): string[] {
  const [address = '', bits = '', ...rest] = text.split('/')
  const isFine = rest.length === 0 && /^\d{1,3}$/.test(bits) && isIP(address) && Number(bits) <= (isIPv4(address) ? 32 : 128)
  return isFine ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}
