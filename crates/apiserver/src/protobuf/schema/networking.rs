//! The messages of `api/networking/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, IntOrString, Object, Text};
use super::{Message, field, inline, kept, list, message};
use super::{core, meta};

pub(super) static HTTP_INGRESS_PATH: Message = message(
    "HTTPIngressPath",
    &[field(1, "path", Text), kept(3, "pathType", Text), field(2, "backend", Object(&INGRESS_BACKEND))],
);
pub(super) static HTTP_INGRESS_RULE_VALUE: Message =
    message("HTTPIngressRuleValue", &[list(1, "paths", Object(&HTTP_INGRESS_PATH))]);
pub(super) static IP_ADDRESS: Message = message(
    "IPAddress",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&IP_ADDRESS_SPEC))],
);
pub(super) static IP_ADDRESS_SPEC: Message =
    message("IPAddressSpec", &[field(1, "parentRef", Object(&PARENT_REFERENCE))]);
pub(super) static IP_BLOCK: Message = message("IPBlock", &[kept(1, "cidr", Text), list(2, "except", Text)]);
pub(super) static INGRESS: Message = message(
    "Ingress",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&INGRESS_SPEC)),
        field(3, "status", Object(&INGRESS_STATUS)),
    ],
);
pub(super) static INGRESS_BACKEND: Message = message(
    "IngressBackend",
    &[
        field(4, "service", Object(&INGRESS_SERVICE_BACKEND)),
        field(3, "resource", Object(&core::TYPED_LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(super) static INGRESS_CLASS: Message = message(
    "IngressClass",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&INGRESS_CLASS_SPEC))],
);
pub(super) static INGRESS_CLASS_PARAMETERS_REFERENCE: Message = message(
    "IngressClassParametersReference",
    &[
        kept(1, "apiGroup", Text),
        kept(2, "kind", Text),
        kept(3, "name", Text),
        kept(4, "scope", Text),
        kept(5, "namespace", Text),
    ],
);
pub(super) static INGRESS_CLASS_SPEC: Message = message(
    "IngressClassSpec",
    &[field(1, "controller", Text), field(2, "parameters", Object(&INGRESS_CLASS_PARAMETERS_REFERENCE))],
);
pub(super) static INGRESS_LOAD_BALANCER_INGRESS: Message = message(
    "IngressLoadBalancerIngress",
    &[field(1, "ip", Text), field(2, "hostname", Text), list(4, "ports", Object(&INGRESS_PORT_STATUS))],
);
pub(super) static INGRESS_LOAD_BALANCER_STATUS: Message =
    message("IngressLoadBalancerStatus", &[list(1, "ingress", Object(&INGRESS_LOAD_BALANCER_INGRESS))]);
pub(super) static INGRESS_PORT_STATUS: Message =
    message("IngressPortStatus", &[kept(1, "port", Int32), kept(2, "protocol", Text), kept(3, "error", Text)]);
pub(super) static INGRESS_RULE: Message =
    message("IngressRule", &[field(1, "host", Text), inline(2, &INGRESS_RULE_VALUE)]);
pub(super) static INGRESS_RULE_VALUE: Message =
    message("IngressRuleValue", &[field(1, "http", Object(&HTTP_INGRESS_RULE_VALUE))]);
pub(super) static INGRESS_SERVICE_BACKEND: Message =
    message("IngressServiceBackend", &[kept(1, "name", Text), field(2, "port", Object(&SERVICE_BACKEND_PORT))]);
pub(super) static INGRESS_SPEC: Message = message(
    "IngressSpec",
    &[
        kept(4, "ingressClassName", Text),
        field(1, "defaultBackend", Object(&INGRESS_BACKEND)),
        list(2, "tls", Object(&INGRESS_TLS)),
        list(3, "rules", Object(&INGRESS_RULE)),
    ],
);
pub(super) static INGRESS_STATUS: Message =
    message("IngressStatus", &[field(1, "loadBalancer", Object(&INGRESS_LOAD_BALANCER_STATUS))]);
pub(super) static INGRESS_TLS: Message = message("IngressTLS", &[list(1, "hosts", Text), field(2, "secretName", Text)]);
pub(super) static NETWORK_POLICY: Message = message(
    "NetworkPolicy",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&NETWORK_POLICY_SPEC))],
);
pub(super) static NETWORK_POLICY_EGRESS_RULE: Message = message(
    "NetworkPolicyEgressRule",
    &[list(1, "ports", Object(&NETWORK_POLICY_PORT)), list(2, "to", Object(&NETWORK_POLICY_PEER))],
);
pub(super) static NETWORK_POLICY_INGRESS_RULE: Message = message(
    "NetworkPolicyIngressRule",
    &[list(1, "ports", Object(&NETWORK_POLICY_PORT)), list(2, "from", Object(&NETWORK_POLICY_PEER))],
);
pub(super) static NETWORK_POLICY_PEER: Message = message(
    "NetworkPolicyPeer",
    &[
        field(1, "podSelector", Object(&meta::LABEL_SELECTOR)),
        field(2, "namespaceSelector", Object(&meta::LABEL_SELECTOR)),
        field(3, "ipBlock", Object(&IP_BLOCK)),
    ],
);
pub(super) static NETWORK_POLICY_PORT: Message = message(
    "NetworkPolicyPort",
    &[kept(1, "protocol", Text), field(2, "port", IntOrString), kept(3, "endPort", Int32)],
);
pub(super) static NETWORK_POLICY_SPEC: Message = message(
    "NetworkPolicySpec",
    &[
        field(1, "podSelector", Object(&meta::LABEL_SELECTOR)),
        list(2, "ingress", Object(&NETWORK_POLICY_INGRESS_RULE)),
        list(3, "egress", Object(&NETWORK_POLICY_EGRESS_RULE)),
        list(4, "policyTypes", Text),
    ],
);
pub(super) static PARENT_REFERENCE: Message = message(
    "ParentReference",
    &[field(1, "group", Text), field(2, "resource", Text), field(3, "namespace", Text), field(4, "name", Text)],
);
pub(super) static SERVICE_BACKEND_PORT: Message =
    message("ServiceBackendPort", &[field(1, "name", Text), field(2, "number", Int32)]);
pub(super) static SERVICE_CIDR: Message = message(
    "ServiceCIDR",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SERVICE_CIDR_SPEC)),
        field(3, "status", Object(&SERVICE_CIDR_STATUS)),
    ],
);
pub(super) static SERVICE_CIDR_SPEC: Message = message("ServiceCIDRSpec", &[list(1, "cidrs", Text)]);
pub(super) static SERVICE_CIDR_STATUS: Message =
    message("ServiceCIDRStatus", &[list(1, "conditions", Object(&meta::CONDITION))]);
