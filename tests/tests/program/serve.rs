//! `sim serve` answers the real kubectl.

use sim_tests::{Ran, Sim, clients};

const ARTICLE: &str = "scenarios/kubespray-uninitialized.yaml";

/// The article's cluster as the article finds it, held there.
const AS_FOUND: [&str; 5] = [ARTICLE, "--at", "25m", "--speed", "paused"];

/// Serves a cluster for a script in which `kubectl` and `sim` are those that are tested.
fn script(name: &str, serve: &[&str], script: &str) -> Ran {
    let sim = Sim::new(name);
    let script = format!(
        "set -e\nkubectl() {{ command '{}' \"$@\"; }}\nsim() {{ command '{}' \"$@\"; }}\n{script}",
        clients::kubectl().display(),
        sim_tests::binary().display()
    );
    sim.run(&[&["serve"], serve, &["--", "bash", "-c", &script]].concat())
}

#[track_caller]
fn says(name: &str, serve: &[&str], text: &str, expected: &str) {
    let ran = script(name, serve, text);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}

#[test]
fn kubectl_shows_the_pods_as_sim_does() {
    let kubectl = script("serve-pods", &AS_FOUND, "kubectl get pods -o wide --all-namespaces");
    let sim = Sim::new("serve-pods-sim").run(&["get", "pods", "-f", ARTICLE, "--at", "25m", "-o", "wide", "-A"]);
    assert_eq!(kubectl.stdout, sim.stdout, "{}", kubectl.stderr);
    assert_eq!(kubectl.stdout.lines().filter(|line| line.contains("Pending")).count(), 4);
}

#[test]
fn the_article_is_typed() {
    let taint = "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule";
    let typed = format!(
        "pod=$(kubectl get pods -n kube-system -o name | grep calico-kube-controllers)
         kubectl describe $pod -n kube-system
         kubectl get replicaset --all-namespaces
         kubectl logs $pod -n kube-system || true
         kubectl get events -n kube-system
         kubectl describe node kubemaster
         kubectl taint nodes kubemaster {taint}-
         kubectl taint nodes kubemaster node-role.kubernetes.io/master:NoSchedule-
         kubectl taint nodes kubeworker {taint}-
         sim ctl advance 5m
         kubectl get pods --all-namespaces --no-headers"
    );
    let ran = script("serve-article", &AS_FOUND, &typed);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let (before, after) = ran.stdout.split_once("30m of virtual time").expect("time passes");
    for shown in [
        "default-scheduler  0/2 nodes are available: 2 node(s) had taints that the pod didn't tolerate.",
        "kube-system   calico-kube-controllers-",
        "Warning   FailedScheduling",
        taint,
        "node/kubemaster untainted\nnode/kubemaster untainted\nnode/kubeworker untainted\n",
    ] {
        assert!(before.contains(shown), "{shown}: {before}");
    }
    let pods: Vec<&str> = after.lines().skip(1).collect();
    assert!(pods.len() == 15 && pods.iter().all(|pod| pod.contains(" Running ")), "{after}");
    let told = "Error from server (BadRequest): pod ";
    assert!(ran.stderr.contains(told) && ran.stderr.contains("does not have a host assigned"), "{}", ran.stderr);
}

#[test]
fn the_exit_code_is_the_command_s() {
    let ran = Sim::new("serve-exit").run(&["serve", ARTICLE, "--", "bash", "-c", "exit 7"]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let missing = Sim::new("serve-missing").run(&["serve", ARTICLE, "--", "/no/such/program"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("/no/such/program: No such file or directory"), "{}", missing.stderr);
}

#[test]
fn what_is_not_there_is_said_in_kubectl_s_words() {
    let ran = script(
        "serve-not-there",
        &AS_FOUND,
        "kubectl get pod nobody || true; kubectl get widgets || true; kubectl top nodes || true; kubectl get pods -n nowhere",
    );
    let expected = "Error from server (NotFound): pods \"nobody\" not found\n\
        error: the server doesn't have a resource type \"widgets\"\n\
        error: Metrics API not available\n\
        No resources found in nowhere namespace.\n";
    assert_eq!(ran.stderr, expected);
}

const WEB: &str = "cat > $SIM_TEST_FOLDER/web.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      tolerations: [{operator: Exists}]
      containers: [{name: nginx, image: nginx}]
END
";

#[test]
fn objects_are_made_changed_and_deleted() {
    let folder = std::env::temp_dir().join(format!("sim-serve-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for manifests");
    let typed = "
        kubectl apply -f $SIM_TEST_FOLDER/web.yaml
        kubectl apply -f $SIM_TEST_FOLDER/web.yaml
        kubectl diff -f $SIM_TEST_FOLDER/web.yaml
        kubectl scale deployment web --replicas=3
        sim ctl advance 1m > $SIM_TEST_FOLDER/log
        kubectl rollout status deployment web --timeout=20s
        kubectl label deployment web tier=front
        kubectl annotate deployment web note=x
        kubectl set image deployment/web nginx=nginx:2
        kubectl patch deployment web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1}]'
        kubectl patch deployment web --type=merge -p '{\"spec\":{\"replicas\":2}}'
        kubectl get deployment web -o jsonpath='{.spec.replicas} {.metadata.labels.tier} {.spec.template.spec.containers[0].image}{\"\\n\"}'
        kubectl get deployment web -o custom-columns=N:.metadata.name,R:.spec.replicas --no-headers
        kubectl rollout undo deployment web 2> $SIM_TEST_FOLDER/log
        kubectl run one --image=busybox
        kubectl delete pod one --wait=false > $SIM_TEST_FOLDER/log
        kubectl delete deployment web > $SIM_TEST_FOLDER/log
        kubectl create -f $SIM_TEST_FOLDER/web.yaml
        kubectl create -f $SIM_TEST_FOLDER/web.yaml 2>&1 | grep -o 'deployments.apps \"web\" already exists'
        kubectl auth can-i delete pods
        kubectl cordon kubeworker
        kubectl uncordon kubeworker
        kubectl wait --for=condition=Ready node/kubemaster --timeout=20s";
    let typed = format!("export SIM_TEST_FOLDER={}\n{WEB}{typed}", folder.display());
    says(
        "serve-writes",
        &AS_FOUND,
        &typed,
        "deployment.apps/web created\n\
         deployment.apps/web unchanged\n\
         deployment.apps/web scaled\n\
         deployment \"web\" successfully rolled out\n\
         deployment.apps/web labeled\n\
         deployment.apps/web annotated\n\
         deployment.apps/web image updated\n\
         deployment.apps/web patched\n\
         deployment.apps/web patched\n\
         2 front nginx:2\n\
         web   2\n\
         deployment.apps/web rolled back\n\
         pod/one created\n\
         deployment.apps/web created\n\
         deployments.apps \"web\" already exists\n\
         yes\n\
         node/kubeworker cordoned\n\
         node/kubeworker uncordoned\n\
         node/kubemaster condition met\n",
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// What every kubectl since v1.20 does, whatever its way of discovery.
#[test]
fn a_watch_shows_what_changes() {
    let ran = script(
        "serve-watch",
        &AS_FOUND,
        "kubectl get pods -n kube-system --no-headers -w --request-timeout=4s & sleep 1
         kubectl taint nodes kubeworker node.cloudprovider.kubernetes.io/uninitialized- > /dev/null
         sim ctl advance 1m > /dev/null
         wait || true",
    );
    let of_dns: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("coredns-")).collect();
    let shows = |word: &str| of_dns.iter().any(|line| line.contains(word));
    assert!(shows("Pending") && shows("ContainerCreating") && shows("Running"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn bad_targets_are_one_clear_line() {
    let folder = std::env::temp_dir().join(format!("sim-serve-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = folder.join("config");
    std::fs::write(&config, "apiVersion: v1\nkind: Config\n").expect("a file");
    let path = config.display().to_string();
    let refused = Sim::new("serve-kubeconfig").run(&["serve", ARTICLE, "--kubeconfig", &path, "--", "true"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .ends_with("the file is there already\n  hint: --merge adds a context to it, --force replaces it\n"),
        "{}",
        refused.stderr
    );
    let merged = Sim::new("serve-merge").run(&["serve", ARTICLE, "--kubeconfig", &path, "--merge", "--", "true"]);
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let in_use = Sim::new("serve-port").run(&["serve", ARTICLE, "--port", &port, "--", "true"]);
    assert_eq!(in_use.code, 2);
    assert!(
        in_use.stderr.contains(&format!("cannot listen on 127.0.0.1:{port}: Address already in use")),
        "{}",
        in_use.stderr
    );
    let open = Sim::new("serve-open").run(&["serve", ARTICLE, "--listen", "0.0.0.0", "--", "true"]);
    assert_eq!(open.code, 2);
    assert!(open.stderr.contains("--token"), "{}", open.stderr);
    let _ = std::fs::remove_dir_all(&folder);
}

/// Since 1.32 kubectl sends these as protobuf, and nothing else.
#[test]
fn what_kubectl_makes_by_itself_is_made() {
    let typed = "
        kubectl create namespace shop
        kubectl create deployment web --image=nginx --replicas=0 --port=8080
        kubectl get deployment web -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[0].ports}{\"\\n\"}'
        kubectl create configmap settings --from-literal=a=b
        kubectl create secret generic password --from-literal=a=b
        kubectl create serviceaccount robot
        kubectl create job once --image=busybox -- sleep 5
        kubectl create cronjob often --image=busybox --schedule='*/5 * * * *' -- date
        kubectl get cronjob often -o jsonpath='{.spec.schedule} {.spec.jobTemplate.spec.template.spec.containers[0].command}{\"\\n\"}'
        kubectl create quota small --hard=cpu=1,pods=2
        kubectl get quota small -o jsonpath='{.spec.hard}{\"\\n\"}'
        kubectl create pdb web --selector=app=web --min-available=50%
        kubectl get pdb web -o jsonpath='{.spec}{\"\\n\"}'
        kubectl create priorityclass high --value=1000 --description=first
        kubectl create role reader --verb=get,list --resource=pods
        kubectl create rolebinding reader --role=reader --user=eve
        kubectl create clusterrole reader --verb=get --resource=nodes
        kubectl create clusterrolebinding reader --clusterrole=reader --serviceaccount=default:robot
        kubectl create service clusterip web --tcp=80:8080
        kubectl get service web -o jsonpath='{.spec.ports}{\"\\n\"}'
        kubectl create ingress web --rule=shop.example/=web:80
        kubectl get ingress web -o jsonpath='{.spec.rules[0].http.paths[0].backend.service}{\"\\n\"}'
        kubectl auth can-i create deployments";
    says(
        "serve-protobuf",
        &[&AS_FOUND[..], &["--kubernetes-version", "1.34"]].concat(),
        typed,
        "namespace/shop created\n\
         deployment.apps/web created\n\
         0 [{\"containerPort\":8080,\"protocol\":\"TCP\"}]\n\
         configmap/settings created\n\
         secret/password created\n\
         serviceaccount/robot created\n\
         job.batch/once created\n\
         cronjob.batch/often created\n\
         */5 * * * * [\"date\"]\n\
         resourcequota/small created\n\
         {\"cpu\":\"1\",\"pods\":\"2\"}\n\
         poddisruptionbudget.policy/web created\n\
         {\"minAvailable\":\"50%\",\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}\n\
         priorityclass.scheduling.k8s.io/high created\n\
         role.rbac.authorization.k8s.io/reader created\n\
         rolebinding.rbac.authorization.k8s.io/reader created\n\
         clusterrole.rbac.authorization.k8s.io/reader created\n\
         clusterrolebinding.rbac.authorization.k8s.io/reader created\n\
         service/web created\n\
         [{\"name\":\"80-8080\",\"port\":80,\"protocol\":\"TCP\",\"targetPort\":8080}]\n\
         ingress.networking.k8s.io/web created\n\
         {\"name\":\"web\",\"port\":{\"number\":80}}\n\
         yes\n",
    );
}

#[test]
fn tls_and_a_token_guard_the_server() {
    let guarded = [&AS_FOUND[..], &["--listen", "127.0.0.1", "--token", "letmein", "--tls"]].concat();
    let typed = "
        grep -o 'server: https://127.0.0.1' $KUBECONFIG
        kubectl get nodes -o name
        sim ctl advance 1s > /dev/null
        kubectl get nodes --token=wrong 2>&1 | head -1
        kubectl config view --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d | head -1
        kubectl config unset clusters.sim.certificate-authority-data > /dev/null
        kubectl get nodes 2>&1 | grep -o 'certificate signed by unknown authority' | head -1";
    says(
        "serve-tls",
        &guarded,
        typed,
        "server: https://127.0.0.1\n\
         node/kubemaster\n\
         node/kubeworker\n\
         error: You must be logged in to the server (Unauthorized)\n\
         -----BEGIN CERTIFICATE-----\n\
         certificate signed by unknown authority\n",
    );
}

/// What a person makes, changes and evicts is in the file, and time goes on from there.
#[test]
fn what_is_saved_loads_again_to_the_same_state() {
    let folder = std::env::temp_dir().join(format!("sim-serve-save-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let saved = folder.join("saved.yaml").display().to_string();
    let state = "kubectl get nodes,pods,deployments,rs,ds,configmaps,namespaces,pc -A -o wide
        kubectl get deployments,rs,pods,configmaps,nodes -A -o json";
    let typed = format!(
        "exec 3>&1; exec > /dev/null
         kubectl create priorityclass high --value=1000
         kubectl create deployment web --image=nginx --replicas=2
         kubectl create configmap settings --from-literal=a=b
         kubectl taint nodes kubeworker node.cloudprovider.kubernetes.io/uninitialized-
         kubectl cordon kubemaster
         sim ctl advance 1m
         kubectl delete pod -l app=web --wait=false
         kubectl create namespace empty
         sim ctl advance 10m
         exec >&3; {state}"
    );
    let before = script("serve-save", &[&AS_FOUND[..], &["--save", &saved]].concat(), &typed);
    assert_eq!(before.code, 0, "{}", before.stderr);
    let after = script("serve-saved", &[&saved, "--speed", "paused"], state);
    assert_eq!(after.code, 0, "{}", after.stderr);
    let differs = before.stdout.lines().zip(after.stdout.lines()).find(|(before, after)| before != after);
    assert!(before.stdout == after.stdout, "{differs:?}");
    assert!(before.stdout.contains("settings") && before.stdout.contains("web-"), "{}", before.stdout);
    let _ = std::fs::remove_dir_all(&folder);
}

/// The well-known way to get rid of a namespace that something holds.
#[test]
fn a_namespace_that_is_held_is_let_go_by_finalize() {
    let typed = "
        kubectl create namespace stuck
        kubectl create configmap holds -n stuck
        kubectl patch configmap holds -n stuck --type=merge -p '{\"metadata\":{\"finalizers\":[\"example.com/never\"]}}'
        kubectl delete namespace stuck --wait=false
        sim ctl advance 1m > /dev/null
        kubectl get namespace stuck --no-headers | cut -c1-20
        kubectl get namespace stuck -o json | sed 's/\"kubernetes\"//' > $KUBECONFIG.json
        kubectl replace --raw /api/v1/namespaces/stuck/finalize -f $KUBECONFIG.json > /dev/null
        kubectl get namespace stuck 2>&1 || true
        rm $KUBECONFIG.json";
    says(
        "serve-finalize",
        &AS_FOUND,
        typed,
        "namespace/stuck created\n\
         configmap/holds created\n\
         configmap/holds patched\n\
         namespace \"stuck\" deleted\n\
         stuck   Terminating \n\
         Error from server (NotFound): namespaces \"stuck\" not found\n",
    );
}
