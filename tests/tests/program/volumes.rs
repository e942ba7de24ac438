//! Claims and volumes on the real binary, gzipped input, and what a run says it does not model.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sim_tests::Sim;

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '2', memory: 4Gi, pods: '110'}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: cloud}
provisioner: disk.example.com
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: eager, annotations: {sim/provisioner: absent}}
provisioner: disk.example.com
volumeBindingMode: Immediate
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk-1}
spec: {storageClassName: local, capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], local: {path: /mnt}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: static}
spec: {storageClassName: local, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: dynamic}
spec: {storageClassName: cloud, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: unbound}
spec: {storageClassName: eager, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
";

fn cluster() -> String {
    let pod = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers: [{{name: c, image: nginx}}]\n  \
             volumes: [{{name: v, persistentVolumeClaim: {{claimName: {name}}}}}]\n"
        )
    };
    format!("{CLUSTER}{}{}{}{}", pod("static"), pod("dynamic"), pod("unbound"), pod("nosuch"))
}

#[test]
fn claims_are_bound_with_their_pods_or_keep_them_waiting() {
    let sim = Sim::new("volumes");
    let ran = sim.run_with_stdin(&["run", "-", "--kubernetes-version", "1.33.0"], cluster().as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let runs =
        |name: &str| ran.stdout.lines().any(|line| line.contains(&format!(" {name} ")) && line.contains("Running"));
    assert_eq!(["static", "dynamic", "unbound", "nosuch"].map(runs), [true, true, false, false], "{}", ran.stdout);
    assert!(ran.stdout.contains("pod has unbound immediate PersistentVolumeClaims"), "{}", ran.stdout);
    assert!(ran.stdout.contains("persistentvolumeclaim \"nosuch\" not found"), "{}", ran.stdout);
    let taken = "the provisioner disk.example.com is taken to run: it made the volumes of default/dynamic";
    assert!(ran.stderr.contains(taken), "{}", ran.stderr);
    let claim = sim.run(&["get", "persistentvolumeclaims", "static", "-o", "yaml"]).stdout;
    assert!(claim.contains("volumeName: disk-1") && claim.contains("phase: Bound"), "{claim}");
    let volume = sim.run(&["get", "persistentvolumes", "disk-1", "-o", "yaml"]).stdout;
    assert!(volume.contains("name: static") && volume.contains("phase: Bound"), "{volume}");
}

#[test]
fn gzipped_manifests_are_read() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(cluster().as_bytes()).expect("it is written to memory");
    let zipped = encoder.finish().expect("it is written to memory");
    let arguments = ["get", "nodes", "-o", "name", "-f", "-", "--kubernetes-version", "1.33.0"];
    assert_eq!(Sim::new("gzip").run_with_stdin(&arguments, &zipped).stdout, "node/n1\n");
    let cut = Sim::new("gzip-cut").run_with_stdin(&arguments, &zipped[..zipped.len() / 2]);
    assert_eq!(cut.code, 2);
    assert!(cut.stderr.contains("<stdin>: cannot be unzipped"), "{}", cut.stderr);
}

#[test]
fn versions_that_were_not_measured_say_so_once() {
    for (version, times) in [("1.17.0", 1), ("1.30.0", 0), ("1.36.0", 1)] {
        let arguments = ["run", "-", "--kubernetes-version", version];
        let ran = Sim::new(&format!("measured-{version}")).run_with_stdin(&arguments, cluster().as_bytes());
        assert_eq!(ran.stderr.matches("was not measured").count(), times, "{version}: {}", ran.stderr);
    }
}
