/**
 * Field numbers of Kubernetes' protobuf messages outside the core group: the fields of each model in the order of their numbers, `-` for a
 * number without a field, `@Model` for a message whose fields stand in JSON beside those of its owner. Read from the
 * descriptors that kubectl 1.34 carries; numbers never change once given.
 */
export const FIELD_NUMBERS: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1': `
    APIGroup: name versions preferredVersion serverAddressByClientCIDRs
    APIResource: name namespaced kind verbs shortNames singularName categories group version storageVersionHash
    APIVersions: versions serverAddressByClientCIDRs
    Condition: type status observedGeneration lastTransitionTime reason message
    DeleteOptions: gracePeriodSeconds preconditions orphanDependents propagationPolicy dryRun ignoreStoreReadErrorWithClusterBreakingPotential
    FieldSelectorRequirement: key operator values
    GroupVersionForDiscovery: groupVersion version
    LabelSelector: matchLabels matchExpressions
    LabelSelectorRequirement: key operator values
    ListMeta: selfLink resourceVersion continue remainingItemCount
    ManagedFieldsEntry: manager operation apiVersion time - fieldsType fieldsV1 subresource
    ObjectMeta: name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers - - managedFields
    OwnerReference: kind - name uid apiVersion controller blockOwnerDeletion
    Preconditions: uid resourceVersion
    ServerAddressByClientCIDR: clientCIDR serverAddress
    Status: metadata status message reason details code
    StatusCause: reason message field
    StatusDetails: name group kind causes retryAfterSeconds uid
    WatchEvent: type object
  `,
  'io.k8s.api.apps.v1': `
    ControllerRevision: metadata data revision
    DaemonSet: metadata spec status
    DaemonSetCondition: type status lastTransitionTime reason message
    DaemonSetSpec: selector template updateStrategy minReadySeconds - revisionHistoryLimit
    DaemonSetStatus: currentNumberScheduled numberMisscheduled desiredNumberScheduled numberReady observedGeneration updatedNumberScheduled numberAvailable numberUnavailable collisionCount conditions
    DaemonSetUpdateStrategy: type rollingUpdate
    Deployment: metadata spec status
    DeploymentCondition: type status - reason message lastUpdateTime lastTransitionTime
    DeploymentSpec: replicas selector template strategy minReadySeconds revisionHistoryLimit paused - progressDeadlineSeconds
    DeploymentStatus: observedGeneration replicas updatedReplicas availableReplicas unavailableReplicas conditions readyReplicas collisionCount terminatingReplicas
    DeploymentStrategy: type rollingUpdate
    ReplicaSet: metadata spec status
    ReplicaSetCondition: type status lastTransitionTime reason message
    ReplicaSetSpec: replicas selector template minReadySeconds
    ReplicaSetStatus: replicas fullyLabeledReplicas observedGeneration readyReplicas availableReplicas conditions terminatingReplicas
    RollingUpdateDaemonSet: maxUnavailable maxSurge
    RollingUpdateDeployment: maxUnavailable maxSurge
    RollingUpdateStatefulSetStrategy: partition maxUnavailable
    StatefulSet: metadata spec status
    StatefulSetCondition: type status lastTransitionTime reason message
    StatefulSetOrdinals: start
    StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted whenScaled
    StatefulSetSpec: replicas selector template volumeClaimTemplates serviceName podManagementPolicy updateStrategy revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals
    StatefulSetStatus: observedGeneration replicas readyReplicas currentReplicas updatedReplicas currentRevision updateRevision - collisionCount conditions availableReplicas
    StatefulSetUpdateStrategy: type rollingUpdate
  `,
  'io.k8s.api.authentication.v1': `
    BoundObjectReference: kind apiVersion name uid
    SelfSubjectReview: metadata status
    SelfSubjectReviewStatus: userInfo
    TokenRequest: metadata spec status
    TokenRequestSpec: audiences - boundObjectRef expirationSeconds
    TokenRequestStatus: token expirationTimestamp
    TokenReview: metadata spec status
    TokenReviewSpec: token audiences
    TokenReviewStatus: authenticated user error audiences
    UserInfo: username uid groups extra
  `,
  'io.k8s.api.authorization.v1': `
    FieldSelectorAttributes: rawSelector requirements
    LabelSelectorAttributes: rawSelector requirements
    LocalSubjectAccessReview: metadata spec status
    NonResourceAttributes: path verb
    NonResourceRule: verbs nonResourceURLs
    ResourceAttributes: namespace verb group version resource subresource name fieldSelector labelSelector
    ResourceRule: verbs apiGroups resources resourceNames
    SelfSubjectAccessReview: metadata spec status
    SelfSubjectAccessReviewSpec: resourceAttributes nonResourceAttributes
    SelfSubjectRulesReview: metadata spec status
    SelfSubjectRulesReviewSpec: namespace
    SubjectAccessReview: metadata spec status
    SubjectAccessReviewSpec: resourceAttributes nonResourceAttributes user groups extra uid
    SubjectAccessReviewStatus: allowed reason evaluationError denied
    SubjectRulesReviewStatus: resourceRules nonResourceRules incomplete evaluationError
  `,
  'io.k8s.api.autoscaling.v1': `
    ContainerResourceMetricSource: name targetAverageUtilization targetAverageValue - container
    CrossVersionObjectReference: kind name apiVersion
    ExternalMetricSource: metricName metricSelector targetValue targetAverageValue
    HorizontalPodAutoscaler: metadata spec status
    HorizontalPodAutoscalerSpec: scaleTargetRef minReplicas maxReplicas targetCPUUtilizationPercentage
    HorizontalPodAutoscalerStatus: observedGeneration lastScaleTime currentReplicas desiredReplicas currentCPUUtilizationPercentage
    ObjectMetricSource: target metricName targetValue selector averageValue
    PodsMetricSource: metricName targetAverageValue selector
    ResourceMetricSource: name targetAverageUtilization targetAverageValue
    Scale: metadata spec status
    ScaleSpec: replicas
    ScaleStatus: replicas selector
  `,
  'io.k8s.api.autoscaling.v2': `
    ContainerResourceMetricSource: name target container
    ContainerResourceMetricStatus: name current container
    CrossVersionObjectReference: kind name apiVersion
    ExternalMetricSource: metric target
    ExternalMetricStatus: metric current
    HPAScalingPolicy: type value periodSeconds
    HPAScalingRules: selectPolicy policies stabilizationWindowSeconds tolerance
    HorizontalPodAutoscaler: metadata spec status
    HorizontalPodAutoscalerBehavior: scaleUp scaleDown
    HorizontalPodAutoscalerCondition: type status lastTransitionTime reason message
    HorizontalPodAutoscalerSpec: scaleTargetRef minReplicas maxReplicas metrics behavior
    HorizontalPodAutoscalerStatus: observedGeneration lastScaleTime currentReplicas desiredReplicas currentMetrics conditions
    MetricIdentifier: name selector
    MetricSpec: type object pods resource external - containerResource
    MetricStatus: type object pods resource external - containerResource
    MetricTarget: type value averageValue averageUtilization
    MetricValueStatus: value averageValue averageUtilization
    ObjectMetricSource: describedObject target metric
    ObjectMetricStatus: metric current describedObject
    PodsMetricSource: metric target
    PodsMetricStatus: metric current
    ResourceMetricSource: name target
    ResourceMetricStatus: name current
  `,
  'io.k8s.api.batch.v1': `
    CronJob: metadata spec status
    CronJobSpec: schedule startingDeadlineSeconds concurrencyPolicy suspend jobTemplate successfulJobsHistoryLimit failedJobsHistoryLimit timeZone
    CronJobStatus: active - - lastScheduleTime lastSuccessfulTime
    Job: metadata spec status
    JobCondition: type status lastProbeTime lastTransitionTime reason message
    JobSpec: parallelism completions activeDeadlineSeconds selector manualSelector template backoffLimit ttlSecondsAfterFinished completionMode suspend podFailurePolicy backoffLimitPerIndex maxFailedIndexes podReplacementPolicy managedBy successPolicy
    JobStatus: conditions startTime completionTime active succeeded failed completedIndexes uncountedTerminatedPods ready failedIndexes terminating
    JobTemplateSpec: metadata spec
    PodFailurePolicy: rules
    PodFailurePolicyOnExitCodesRequirement: containerName operator values
    PodFailurePolicyOnPodConditionsPattern: type status
    PodFailurePolicyRule: action onExitCodes onPodConditions
    SuccessPolicy: rules
    SuccessPolicyRule: succeededIndexes succeededCount
    UncountedTerminatedPods: succeeded failed
  `,
  'io.k8s.api.coordination.v1': `
    Lease: metadata spec
    LeaseSpec: holderIdentity leaseDurationSeconds acquireTime renewTime leaseTransitions strategy preferredHolder
  `,
  'io.k8s.api.discovery.v1': `
    Endpoint: addresses conditions hostname targetRef deprecatedTopology nodeName zone hints
    EndpointConditions: ready serving terminating
    EndpointHints: forZones forNodes
    EndpointPort: name protocol port appProtocol
    EndpointSlice: metadata endpoints ports addressType
    ForNode: name
    ForZone: name
  `,
  'io.k8s.api.events.v1': `
    Event: metadata eventTime series reportingController reportingInstance action reason regarding related note type deprecatedSource deprecatedFirstTimestamp deprecatedLastTimestamp deprecatedCount
    EventSeries: count lastObservedTime
  `,
  'io.k8s.api.networking.v1': `
    HTTPIngressPath: path backend pathType
    HTTPIngressRuleValue: paths
    IPAddress: metadata spec
    IPAddressSpec: parentRef
    IPBlock: cidr except
    Ingress: metadata spec status
    IngressBackend: - - resource service
    IngressClass: metadata spec
    IngressClassParametersReference: apiGroup kind name scope namespace
    IngressClassSpec: controller parameters
    IngressLoadBalancerIngress: ip hostname - ports
    IngressLoadBalancerStatus: ingress
    IngressPortStatus: port protocol error
    IngressRule: host @IngressRuleValue
    IngressServiceBackend: name port
    IngressSpec: defaultBackend tls rules ingressClassName
    IngressStatus: loadBalancer
    IngressTLS: hosts secretName
    NetworkPolicy: metadata spec
    NetworkPolicyEgressRule: ports to
    NetworkPolicyIngressRule: ports from
    NetworkPolicyPeer: podSelector namespaceSelector ipBlock
    NetworkPolicyPort: protocol port endPort
    NetworkPolicySpec: podSelector ingress egress policyTypes
    ParentReference: group resource namespace name
    ServiceBackendPort: name number
    ServiceCIDR: metadata spec status
    ServiceCIDRSpec: cidrs
    ServiceCIDRStatus: conditions
  `,
  'io.k8s.api.node.v1': `
    Overhead: podFixed
    RuntimeClass: metadata handler overhead scheduling
    Scheduling: nodeSelector tolerations
  `,
  'io.k8s.api.policy.v1': `
    Eviction: metadata deleteOptions
    PodDisruptionBudget: metadata spec status
    PodDisruptionBudgetSpec: minAvailable selector maxUnavailable unhealthyPodEvictionPolicy
    PodDisruptionBudgetStatus: observedGeneration disruptedPods disruptionsAllowed currentHealthy desiredHealthy expectedPods conditions
  `,
  'io.k8s.api.rbac.v1': `
    AggregationRule: clusterRoleSelectors
    ClusterRole: metadata rules aggregationRule
    ClusterRoleBinding: metadata subjects roleRef
    PolicyRule: verbs apiGroups resources resourceNames nonResourceURLs
    Role: metadata rules
    RoleBinding: metadata subjects roleRef
    RoleRef: apiGroup kind name
    Subject: kind apiGroup name namespace
  `,
  'io.k8s.api.scheduling.v1': `
    PriorityClass: metadata value globalDefault description preemptionPolicy
  `,
  'io.k8s.api.storage.v1': `
    CSIDriver: metadata spec
    CSIDriverSpec: attachRequired podInfoOnMount volumeLifecycleModes storageCapacity fsGroupPolicy tokenRequests requiresRepublish seLinuxMount nodeAllocatableUpdatePeriodSeconds
    CSINode: metadata spec
    CSINodeDriver: name nodeID topologyKeys allocatable
    CSINodeSpec: drivers
    CSIStorageCapacity: metadata nodeTopology storageClassName capacity maximumVolumeSize
    StorageClass: metadata provisioner parameters reclaimPolicy mountOptions allowVolumeExpansion volumeBindingMode allowedTopologies
    TokenRequest: audience expirationSeconds
    VolumeAttachment: metadata spec status
    VolumeAttachmentSource: persistentVolumeName inlineVolumeSpec
    VolumeAttachmentSpec: attacher source nodeName
    VolumeAttachmentStatus: attached attachmentMetadata attachError detachError
    VolumeAttributesClass: metadata driverName parameters
    VolumeError: time message errorCode
    VolumeNodeResources: count
  `,
  'io.k8s.metrics.pkg.apis.metrics.v1beta1': `
    ContainerMetrics: name usage
    NodeMetrics: metadata timestamp window usage
    PodMetrics: metadata timestamp window containers
  `,
}
