/** The machine a node runs on, as whoever starts the kubelet has found it. */
export interface Machine {
  readonly hostname: string
  readonly addresses: readonly string[]
  /** Where its Pods get their addresses from, if that is known. */
  readonly podCidr?: string | undefined
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly ephemeralStorageBytes: number
  readonly podsMax: number
  readonly machineId: string
  readonly systemUuid: string
  /** Another one after each boot: the node's containers are gone then. */
  readonly bootId: string
  readonly kernelVersion: string
  readonly osImage: string
  /** The kernel has AppArmor, and it is on. */
  readonly hasAppArmor?: true
  /** `amd64`, `arm64`. */
  readonly architecture: string
  /** Search domains and options of the machine's own resolver, and its servers: what dnsPolicy Default passes on. */
  readonly dns: { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] }
}
