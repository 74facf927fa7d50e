/** Standard base64, as Secrets and binaryData hold bytes. */
export const decodeBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), character => character.charCodeAt(0))
