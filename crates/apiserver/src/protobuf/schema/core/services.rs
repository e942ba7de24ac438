//! Services and their endpoints.

use super::super::Type::{Bool, Int32, IntOrString, Object, Text};
use super::super::meta;
use super::super::{Message, field, kept, list, map, message};

pub(crate) static CLIENT_IP_CONFIG: Message = message("ClientIPConfig", &[kept(1, "timeoutSeconds", Int32)]);
pub(crate) static ENDPOINT_ADDRESS: Message = message(
    "EndpointAddress",
    &[
        kept(1, "ip", Text),
        field(3, "hostname", Text),
        kept(4, "nodeName", Text),
        field(2, "targetRef", Object(&super::OBJECT_REFERENCE)),
    ],
);
pub(crate) static ENDPOINT_PORT: Message = message(
    "EndpointPort",
    &[field(1, "name", Text), kept(2, "port", Int32), field(3, "protocol", Text), kept(4, "appProtocol", Text)],
);
pub(crate) static ENDPOINT_SUBSET: Message = message(
    "EndpointSubset",
    &[
        list(1, "addresses", Object(&ENDPOINT_ADDRESS)),
        list(2, "notReadyAddresses", Object(&ENDPOINT_ADDRESS)),
        list(3, "ports", Object(&ENDPOINT_PORT)),
    ],
);
pub(crate) static ENDPOINTS: Message = message(
    "Endpoints",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), list(2, "subsets", Object(&ENDPOINT_SUBSET))],
);
pub(crate) static LOAD_BALANCER_INGRESS: Message = message(
    "LoadBalancerIngress",
    &[
        field(1, "ip", Text),
        field(2, "hostname", Text),
        kept(3, "ipMode", Text),
        list(4, "ports", Object(&PORT_STATUS)),
    ],
);
pub(crate) static LOAD_BALANCER_STATUS: Message =
    message("LoadBalancerStatus", &[list(1, "ingress", Object(&LOAD_BALANCER_INGRESS))]);
pub(crate) static PORT_STATUS: Message =
    message("PortStatus", &[kept(1, "port", Int32), kept(2, "protocol", Text), kept(3, "error", Text)]);
pub(crate) static SERVICE: Message = message(
    "Service",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SERVICE_SPEC)),
        field(3, "status", Object(&SERVICE_STATUS)),
    ],
);
pub(crate) static SERVICE_PORT: Message = message(
    "ServicePort",
    &[
        field(1, "name", Text),
        field(2, "protocol", Text),
        kept(6, "appProtocol", Text),
        kept(3, "port", Int32),
        field(4, "targetPort", IntOrString),
        field(5, "nodePort", Int32),
    ],
);
pub(crate) static SERVICE_SPEC: Message = message(
    "ServiceSpec",
    &[
        list(1, "ports", Object(&SERVICE_PORT)),
        map(2, "selector", Text),
        field(3, "clusterIP", Text),
        list(18, "clusterIPs", Text),
        field(4, "type", Text),
        list(5, "externalIPs", Text),
        field(7, "sessionAffinity", Text),
        field(8, "loadBalancerIP", Text),
        list(9, "loadBalancerSourceRanges", Text),
        field(10, "externalName", Text),
        field(11, "externalTrafficPolicy", Text),
        field(12, "healthCheckNodePort", Int32),
        field(13, "publishNotReadyAddresses", Bool),
        field(14, "sessionAffinityConfig", Object(&SESSION_AFFINITY_CONFIG)),
        list(19, "ipFamilies", Text),
        kept(17, "ipFamilyPolicy", Text),
        kept(20, "allocateLoadBalancerNodePorts", Bool),
        kept(21, "loadBalancerClass", Text),
        kept(22, "internalTrafficPolicy", Text),
        kept(23, "trafficDistribution", Text),
    ],
);
pub(crate) static SERVICE_STATUS: Message = message(
    "ServiceStatus",
    &[field(1, "loadBalancer", Object(&LOAD_BALANCER_STATUS)), list(2, "conditions", Object(&meta::CONDITION))],
);
pub(crate) static SESSION_AFFINITY_CONFIG: Message =
    message("SessionAffinityConfig", &[field(1, "clientIP", Object(&CLIENT_IP_CONFIG))]);
