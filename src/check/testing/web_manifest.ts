/** A Service and the Deployment that it leads to, as a file has them. */
export interface WebWords {
  readonly replicas: number
  /** What its one container has beside a name, in YAML's flow style: `image: shop/web:1, ports: [{ containerPort: 8080 }]`. */
  readonly container: string
  /** Of the Pod template, in the same style. */
  readonly annotations?: string
}

export const webManifest = ({ replicas, container, annotations = '' }: WebWords): string => `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web }, annotations: { ${annotations} } }
    spec:
      containers:
        - { name: web, ${container} }
`
