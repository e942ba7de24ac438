//! What Services are given: addresses, node ports, IP families, by version.

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use serde_json::{Value, json};
use sim_cluster::{Cluster, DeleteOptions, Kind, Patch, Preconditions, ResourceRef, Subresource, Target, WriteOptions};

use crate::common::{apply, cluster, merge};

fn service(name: &str, more: Value) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
        "spec": {"ports": [{"port": 80}], "selector": {"app": name}}});
    merge(&mut value["spec"], more);
    value
}

fn target(name: &str) -> Target {
    Target { resource: ResourceRef::Known(Kind::Service), namespace: "default".to_owned(), name: name.to_owned() }
}

fn create(cluster: &mut Cluster, service: Value) -> Result<Value, String> {
    let resource = ResourceRef::Known(Kind::Service);
    let made = cluster.create(&resource, "default", service, &WriteOptions::default());
    made.map(|written| written.object).map_err(|error| error.to_string())
}

fn patch(cluster: &mut Cluster, name: &str, merge: Value) -> Result<Value, String> {
    let patch = Patch::Merge(merge);
    let made = cluster.patch_object(&target(name), None::<Subresource>, &patch, &WriteOptions::default());
    made.map(|written| written.object).map_err(|error| error.to_string())
}

fn spec(cluster: &Cluster, name: &str) -> ServiceSpec {
    cluster.store().find::<Service>("default", name).unwrap().spec.clone().unwrap()
}

fn address(cluster: &Cluster, name: &str) -> String {
    spec(cluster, name).cluster_ip.unwrap_or_default()
}

fn api_server(flags: &[&str]) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kube-apiserver-m", "namespace": "kube-system"},
        "spec": {"nodeName": "m", "containers": [{"name": "kube-apiserver", "image": "a", "command": flags}]}})
}

/// The second and third byte of an address, and that it begins as it must.
fn bytes(address: &str) -> Vec<u8> {
    address.split('.').map(|byte| byte.parse().unwrap()).collect()
}

#[test]
fn a_service_gets_an_address_of_its_own() {
    let mut cluster = cluster("v1.31.0", vec![]);
    assert_eq!(address(&cluster, "kubernetes"), "10.96.0.1");
    let mut seen = vec![address(&cluster, "kubernetes")];
    for index in 0..100 {
        let made = create(&mut cluster, service(&format!("s{index}"), json!({}))).unwrap();
        let ip = made["spec"]["clusterIP"].as_str().unwrap().to_owned();
        assert_eq!(made["spec"]["clusterIPs"], json!([ip]));
        let bytes = bytes(&ip);
        assert!(bytes[0] == 10 && (96..112).contains(&bytes[1]), "{ip}");
        assert!(ip != "10.96.0.0" && !seen.contains(&ip), "{ip}");
        seen.push(ip);
    }
    let made = spec(&cluster, "s0");
    let told = serde_json::to_value(&made).unwrap();
    assert_eq!(told["ipFamilies"], json!(["IPv4"]));
    assert_eq!(told["ipFamilyPolicy"], "SingleStack");
    assert_eq!(told["internalTrafficPolicy"], "Cluster");
    assert_eq!(told["sessionAffinity"], "None");
    assert_eq!(told["type"], "ClusterIP");
    assert_eq!(told["ports"], json!([{"port": 80, "protocol": "TCP", "targetPort": 80}]));
}

#[test]
fn the_same_name_gets_the_same_address_again() {
    let address_of = |before: &[&str]| {
        let mut cluster = cluster("v1.31.0", vec![]);
        before.iter().for_each(|name| apply(&mut cluster, service(name, json!({}))));
        apply(&mut cluster, service("web", json!({})));
        address(&cluster, "web")
    };
    assert_eq!(address_of(&[]), address_of(&["one", "two"]));
}

#[test]
fn fields_are_those_of_the_version() {
    let fields = |version: &str| {
        let mut cluster = cluster(version, vec![]);
        let made = create(&mut cluster, service("web", json!({"type": "LoadBalancer"}))).unwrap();
        let known = [
            "allocateLoadBalancerNodePorts",
            "clusterIP",
            "clusterIPs",
            "externalTrafficPolicy",
            "internalTrafficPolicy",
            "ipFamilies",
            "ipFamilyPolicy",
        ];
        let has = |field: &&str| made["spec"].get(field).is_some();
        known.into_iter().filter(has).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(fields("v1.19.0"), "clusterIP externalTrafficPolicy");
    assert_eq!(fields("v1.20.0"), "clusterIP clusterIPs externalTrafficPolicy");
    assert_eq!(fields("v1.21.0"), "clusterIP clusterIPs externalTrafficPolicy ipFamilies ipFamilyPolicy");
    let all = "allocateLoadBalancerNodePorts clusterIP clusterIPs externalTrafficPolicy internalTrafficPolicy ipFamilies \
               ipFamilyPolicy";
    assert_eq!(fields("v1.22.0"), all);
}

#[test]
fn headless_and_external_services_get_none() {
    let mut cluster = cluster("v1.31.0", vec![]);
    let made = create(&mut cluster, service("db", json!({"clusterIP": "None"}))).unwrap();
    assert_eq!(made["spec"]["clusterIPs"], json!(["None"]));
    assert_eq!(made["spec"]["ipFamilies"], json!(["IPv4"]));
    let free = service("free", json!({"clusterIP": "None", "selector": {}}));
    let made = create(&mut cluster, free).unwrap();
    assert_eq!(made["spec"]["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert_eq!(made["spec"]["ipFamilyPolicy"], "RequireDualStack");
    let out = service("out", json!({"type": "ExternalName", "externalName": "example.com", "ports": null}));
    let made = create(&mut cluster, out).unwrap();
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
        assert!(made["spec"].get(field).is_none(), "{field}: {made}");
    }
}

#[test]
fn an_address_is_had_once_and_free_again_when_its_service_goes() {
    let asked = |name: &str| service(name, json!({"clusterIP": "10.96.0.10"}));
    let refused = |version: &str, more: Value| {
        let mut cluster = cluster(version, vec![]);
        create(&mut cluster, asked("dns")).unwrap();
        create(&mut cluster, service("other", more)).unwrap_err().replacen("Service \"other\" is invalid: ", "", 1)
    };
    let taken = |version| refused(version, json!({"clusterIP": "10.96.0.10"}));
    assert_eq!(taken("v1.19.0"), "spec.clusterIP: Invalid value: \"10.96.0.10\": provided IP is already allocated");
    assert_eq!(
        taken("v1.22.0"),
        "spec.clusterIPs: Invalid value: []string{\"10.96.0.10\"}: failed to allocated ip:10.96.0.10 with \
         error:provided IP is already allocated"
    );
    assert_eq!(
        taken("v1.33.0"),
        "spec.clusterIPs: Invalid value: []string{\"10.96.0.10\"}: failed to allocate IP 10.96.0.10: provided IP is \
         already allocated"
    );
    assert_eq!(
        taken("v1.34.0"),
        "spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: provided IP is already \
         allocated"
    );
    let outside = |version| refused(version, json!({"clusterIP": "1.1.1.1"}));
    assert_eq!(
        outside("v1.19.0"),
        "spec.clusterIP: Invalid value: \"1.1.1.1\": provided IP is not in the valid range. The range of valid IPs is \
         10.96.0.0/12"
    );
    assert_eq!(
        outside("v1.21.0"),
        "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\"}: failed to allocated ip:1.1.1.1 with error:provided IP \
         is not in the valid range. The range of valid IPs is 10.96.0.0/12"
    );
    assert_eq!(
        outside("v1.32.0"),
        "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\"}: failed to allocate IP 1.1.1.1: the provided IP \
         (1.1.1.1) is not in the valid range. The range of valid IPs is 10.96.0.0/12"
    );
    assert_eq!(
        outside("v1.33.0"),
        "spec.clusterIPs: Invalid value: []string{\"1.1.1.1\"}: failed to allocate IP 1.1.1.1: the provided network \
         does not match the current range"
    );
    let bad = refused("v1.31.0", json!({"clusterIP": "abc"}));
    let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    assert_eq!(bad, format!("spec.clusterIPs[0]: Invalid value: \"abc\": {why}"));

    let mut cluster = cluster("v1.31.0", vec![]);
    create(&mut cluster, asked("dns")).unwrap();
    cluster.delete_target(&target("dns"), DeleteOptions::default(), &Preconditions::default(), false).unwrap();
    create(&mut cluster, asked("again")).unwrap();
}

#[test]
fn an_address_stays() {
    let mut cluster = cluster("v1.31.0", vec![]);
    create(&mut cluster, service("web", json!({}))).unwrap();
    let ip = address(&cluster, "web");
    let refused = patch(&mut cluster, "web", json!({"spec": {"clusterIP": "10.96.0.99"}})).unwrap_err();
    assert_eq!(
        refused,
        "Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: []string{\"10.96.0.99\"}: may not change once \
         set"
    );
    // Whoever writes it without its address keeps that.
    let whole = service("web", json!({"ports": [{"port": 81}]}));
    cluster.replace(&target("web"), None, whole, &WriteOptions::default()).unwrap();
    assert_eq!(address(&cluster, "web"), ip);
    apply(&mut cluster, service("web", json!({"ports": [{"port": 81, "targetPort": 8080}]})));
    assert_eq!(address(&cluster, "web"), ip);
    // A name for another has none, and what it had is free.
    let named = json!({"spec": {"type": "ExternalName", "externalName": "example.com"}});
    patch(&mut cluster, "web", named).unwrap();
    assert_eq!(spec(&cluster, "web").cluster_ips, None);
    create(&mut cluster, service("other", json!({"clusterIP": ip.clone()}))).unwrap();
    patch(&mut cluster, "web", json!({"spec": {"type": "ClusterIP", "externalName": null}})).unwrap();
    let again = address(&cluster, "web");
    assert!(!again.is_empty() && again != ip, "{again}");
}

#[test]
fn old_servers_do_not_keep_what_is_left_out() {
    let mut cluster = cluster("v1.19.0", vec![]);
    create(&mut cluster, service("web", json!({}))).unwrap();
    let refused = cluster.replace(&target("web"), None, service("web", json!({})), &WriteOptions::default());
    let why = "Service \"web\" is invalid: spec.clusterIP: Invalid value: \"\": field is immutable";
    assert_eq!(refused.unwrap_err().to_string(), why);
}

#[test]
fn node_ports() {
    let mut cluster = cluster("v1.31.0", vec![]);
    let ports =
        json!([{"name": "a", "port": 53, "protocol": "UDP"}, {"name": "b", "port": 53}, {"name": "c", "port": 80}]);
    let made = create(&mut cluster, service("dns", json!({"type": "NodePort", "ports": ports}))).unwrap();
    let number = |index: usize| made["spec"]["ports"][index]["nodePort"].as_i64().unwrap();
    assert_eq!(number(0), number(1));
    assert_ne!(number(1), number(2));
    assert!((0..3).all(|index| (30086..=32767).contains(&number(index))), "{made}");
    let refused = |cluster: &mut Cluster, port: i64| {
        let body = service("other", json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]}));
        create(cluster, body).unwrap_err().replacen("Service \"other\" is invalid: ", "", 1)
    };
    let taken = number(2);
    assert_eq!(
        refused(&mut cluster, taken),
        format!("spec.ports[0].nodePort: Invalid value: {taken}: provided port is already allocated")
    );
    assert_eq!(
        refused(&mut cluster, 80),
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports \
         is 30000-32767"
    );
    // They go with the type, and are free then.
    patch(&mut cluster, "dns", json!({"spec": {"type": "ClusterIP"}})).unwrap();
    assert!(spec(&cluster, "dns").ports.unwrap().iter().all(|port| port.node_port.is_none()));
    create(&mut cluster, service("x", json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": taken}]})))
        .unwrap();
    // A port that is added gets one, those that are there keep theirs.
    let two = json!([{"name": "p", "port": 80}, {"name": "q", "port": 81}]);
    create(&mut cluster, service("y", json!({"type": "NodePort", "ports": [two[0]]}))).unwrap();
    let first = spec(&cluster, "y").ports.unwrap()[0].node_port;
    patch(&mut cluster, "y", json!({"spec": {"ports": two}})).unwrap();
    let after = spec(&cluster, "y").ports.unwrap();
    assert_eq!(after[0].node_port, first);
    assert!(after[1].node_port.is_some() && after[1].node_port != first);
}

#[test]
fn load_balancers() {
    let mut cluster = cluster("v1.31.0", vec![]);
    let local = json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local"});
    let made = create(&mut cluster, service("lb", local)).unwrap();
    assert!(made["spec"]["healthCheckNodePort"].as_i64().is_some_and(|port| port >= 30000));
    let bare = json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false});
    let made = create(&mut cluster, service("bare", bare)).unwrap();
    assert!(made["spec"]["ports"][0].get("nodePort").is_none());
    let refused = create(&mut cluster, service("none", json!({"type": "LoadBalancer", "clusterIP": "None"})));
    let why = "may not be set to 'None' for LoadBalancer services";
    let whole = format!("Service \"none\" is invalid: spec.clusterIPs[0]: Invalid value: \"None\": {why}");
    assert_eq!(refused.unwrap_err(), whole);
}

#[test]
fn the_range_is_what_the_cluster_shows() {
    // What the API server was started with.
    let flags =
        ["kube-apiserver", "--service-cluster-ip-range=10.3.0.0/24", "--service-node-port-range", "20000-20003"];
    let mut stated = cluster("v1.31.0", vec![api_server(&flags)]);
    assert_eq!(address(&stated, "kubernetes"), "10.3.0.1");
    let made = create(&mut stated, service("web", json!({"type": "NodePort"}))).unwrap();
    assert!(made["spec"]["clusterIP"].as_str().unwrap().starts_with("10.3.0."), "{made}");
    assert!((20000..=20003).contains(&made["spec"]["ports"][0]["nodePort"].as_i64().unwrap()), "{made}");

    // What the addresses in use show: k3s has 10.43.0.0/16.
    let k3s = |name: &str, ip: &str| service(name, json!({"clusterIP": ip, "clusterIPs": [ip]}));
    let mut shown = cluster("v1.31.0", vec![k3s("kubernetes", "10.43.0.1"), k3s("dns", "10.43.0.10")]);
    for index in 0..300 {
        let made = create(&mut shown, service(&format!("s{index}"), json!({}))).unwrap();
        let bytes = bytes(made["spec"]["clusterIP"].as_str().unwrap());
        assert!(bytes[0] == 10 && (42..=43).contains(&bytes[1]), "{made}");
    }
    // Nobody knows where the range ends, and so nothing is outside.
    create(&mut shown, k3s("far", "10.43.77.7")).unwrap();

    // A range that is full.
    let mut full = cluster("v1.31.0", vec![api_server(&["--service-cluster-ip-range", "10.3.0.0/30"])]);
    create(&mut full, service("one", json!({}))).unwrap();
    let refused = create(&mut full, service("two", json!({}))).unwrap_err();
    assert_eq!(refused, "Internal error occurred: failed to allocate a serviceIP: range is full");
}

#[test]
fn two_stacks() {
    let mut cluster = cluster("v1.31.0", vec![api_server(&["--service-cluster-ip-range=10.96.0.0/16,fd00::/108"])]);
    let made = create(&mut cluster, service("one", json!({}))).unwrap();
    assert_eq!(made["spec"]["ipFamilies"], json!(["IPv4"]));
    let made = create(&mut cluster, service("two", json!({"ipFamilyPolicy": "PreferDualStack"}))).unwrap();
    assert_eq!(made["spec"]["ipFamilies"], json!(["IPv4", "IPv6"]));
    assert!(made["spec"]["clusterIPs"][1].as_str().unwrap().starts_with("fd00::"), "{made}");
    let made = patch(&mut cluster, "two", json!({"spec": {"ipFamilyPolicy": "SingleStack"}})).unwrap();
    assert_eq!(made["spec"]["clusterIPs"].as_array().unwrap().len(), 1);
    let made = patch(&mut cluster, "one", json!({"spec": {"ipFamilyPolicy": "RequireDualStack"}})).unwrap();
    assert_eq!(made["spec"]["clusterIPs"].as_array().unwrap().len(), 2);
    let mut single = crate::common::cluster("v1.31.0", vec![]);
    let refused = create(&mut single, service("two", json!({"ipFamilyPolicy": "RequireDualStack"}))).unwrap_err();
    let why = "this cluster is not configured for dual-stack services";
    let whole = format!("Service \"two\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": {why}");
    assert_eq!(refused, whole);
}

#[test]
fn services_that_a_cluster_starts_with_get_theirs_and_keep_what_they_have() {
    let own = service(
        "own",
        json!({"clusterIP": "10.100.3.4", "type": "NodePort",
        "ports": [{"port": 80, "nodePort": 31234}]}),
    );
    let bare = service("bare", json!({"type": "NodePort"}));
    let cluster = cluster("v1.31.0", vec![bare, own]);
    assert_eq!(address(&cluster, "own"), "10.100.3.4");
    assert_eq!(spec(&cluster, "own").cluster_ips, Some(vec!["10.100.3.4".to_owned()]));
    assert_eq!(spec(&cluster, "own").ports.unwrap()[0].node_port, Some(31234));
    let bare = spec(&cluster, "bare");
    assert!(bare.cluster_ip.is_some() && bare.ports.unwrap()[0].node_port.is_some());
}

#[test]
fn what_is_no_service() {
    let refused = |version: &str, name: &str, more: Value| {
        let mut cluster = cluster(version, vec![]);
        let whole = create(&mut cluster, service(name, more)).unwrap_err();
        whole.split_once(" is invalid: ").unwrap().1.to_owned()
    };
    let check = |more: Value, why: &str| assert_eq!(refused("v1.31.0", "web", more), why);
    check(json!({"ports": []}), "spec.ports: Required value");
    check(json!({"type": "ExternalName"}), "spec.externalName: Required value");
    check(
        json!({"type": "Nodeport"}),
        "spec.type: Unsupported value: \"Nodeport\": supported values: \"ClusterIP\", \"ExternalName\", \
         \"LoadBalancer\", \"NodePort\"",
    );
    check(json!({"ports": [{"port": 80}, {"port": 81, "name": "b"}]}), "spec.ports[0].name: Required value");
    check(
        json!({"ports": [{"port": 70000}]}),
        "[spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: \
         Invalid value: 70000: must be between 1 and 65535, inclusive]",
    );
    check(
        json!({"ports": [{"port": 80, "nodePort": 31000}]}),
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    );
    let twice = json!({"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]});
    check(
        twice.clone(),
        "spec.ports[1]: Duplicate value: core.ServicePort{Name:\"\", Protocol:\"TCP\", AppProtocol:(*string)(nil), \
         Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:\"\"}, NodePort:0}",
    );
    assert_eq!(
        refused("v1.37.0", "web", twice),
        "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\
         \"TargetPort\":0,\"NodePort\":0}"
    );
    assert!(
        refused("v1.31.0", "1st", json!({})).starts_with("metadata.name: Invalid value: \"1st\": a DNS-1035 label")
    );
}
