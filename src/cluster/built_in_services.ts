import type { BuiltInService } from '../controllers/built_in_services.ts'

/** Where the API server and the name server listen for Pods. */
export const API_PORT = 6443
export const DNS_PORT = 53

/** The two Services of every cluster, as kubeadm names them. `gateway` is the address of their servers. */
export const builtInServices = ({ apiServerIP, dnsIP, gateway }: { apiServerIP: string; dnsIP: string; gateway: string }): BuiltInService[] => [
  {
    namespace: 'default',
    name: 'kubernetes',
    labels: { component: 'apiserver', provider: 'kubernetes' },
    clusterIP: apiServerIP,
    ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: API_PORT }],
    address: gateway,
  },
  {
    namespace: 'kube-system',
    name: 'kube-dns',
    labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    clusterIP: dnsIP,
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: DNS_PORT },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: DNS_PORT },
    ],
    address: gateway,
  },
]
