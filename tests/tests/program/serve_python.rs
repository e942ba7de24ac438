//! `sim serve` answers Python's client library.

use sim_tests::{Sim, clients};

#[test]
fn python_s_client_library_is_served() {
    let python = clients::python().display().to_string();
    let sim = Sim::new("serve-python").env("SIM", &sim_tests::binary().display().to_string());
    let article = "scenarios/kubespray-uninitialized.yaml";
    let serve = ["serve", article, "--at", "25m", "--speed", "paused", "--kubernetes-version", "1.34"];
    let ran = sim.run(&[&serve[..], &["--", &python, "tests/clients/library.py"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let expected = "\
version v1.34.0
nodes kubemaster kubeworker
pending calico-kube-controllers dns-autoscaler kube-dns kubernetes-dashboard
condition 0/2 nodes are available: 2 node(s) had untolerated taint \
{node.cloudprovider.kubernetes.io/uninitialized: true}. no new claims to deallocate, preemption: 0/2 nodes are \
available: 2 Preemption is not helpful for scheduling.
pages 5 9
missing 404 Not Found
log 400 Bad Request
watched ('ADDED', 'Pending') ('MODIFIED', 'Running')
again 409 Conflict
ready 3
evict 429 Too Many Requests
dynamic 3
labelled front
applied python
dynamic watch ADDED b
deleted 404 Not Found
";
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}
