/** Poise's own version, and the Kubernetes version its API reports. */
export const VERSION = '0.1.0'
export const KUBERNETES_VERSION = 'v1.34.0'
