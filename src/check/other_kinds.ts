/** Kinds that manifests often hold and that a check does without: it says so and goes on. */

/** Of Kubernetes' own groups. What is not here and not known is a slip, and an error. */
const NOT_NEEDED: Readonly<Record<string, string>> = {
  Ingress: 'the load goes in at the Service behind it',
  IngressClass: 'the load goes in at the Service',
  NetworkPolicy: 'a check does not restrict traffic',
  CustomResourceDefinition: 'a check does not need objects of it',
  APIService: 'a check does not need it',
  Role: 'on a cluster of its own a check grants no rights',
  RoleBinding: 'on a cluster of its own a check grants no rights',
  ClusterRole: 'on a cluster of its own a check grants no rights',
  ClusterRoleBinding: 'on a cluster of its own a check grants no rights',
  MutatingWebhookConfiguration: 'nothing is asked before objects are written',
  ValidatingWebhookConfiguration: 'nothing is asked before objects are written',
  ValidatingAdmissionPolicy: 'nothing is asked before objects are written',
  ValidatingAdmissionPolicyBinding: 'nothing is asked before objects are written',
  PodSecurityPolicy: 'Kubernetes has it no more',
  FlowSchema: 'it is about the API server alone',
  PriorityLevelConfiguration: 'it is about the API server alone',
}

/** Without a dot, or below this, a group is Kubernetes' own. */
const OWN_SUFFIX = '.k8s.io'
/** Projects of the community with kinds of their own, below the same suffix. */
const COMMUNITY = /^(gateway\.networking|snapshot\.storage|.+\.x-k8s|cluster|kustomize\.config|autoscaling)\.k8s\.io$/

/** Why a check goes on without it; undefined: it must not. */
export function whyNotNeeded(apiVersion: string, kind: string): string | undefined {
  if (Object.hasOwn(NOT_NEEDED, kind)) return NOT_NEEDED[kind]
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const isCustom = COMMUNITY.test(group) || (group.includes('.') && !group.endsWith(OWN_SUFFIX))
  return isCustom ? `${group} is not part of Kubernetes, and a check does not need it` : undefined
}
