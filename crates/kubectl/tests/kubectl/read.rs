//! What kubectl commands change, and how those are refused that cannot be read or made.

use crate::fixture::cluster;
use sim_cluster::{Change, DeleteOptions, PatchType, Propagation};
use sim_kubectl::{BadCommand, read};

/// The changes of a text, as `sim` says them.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let changes = read(&cluster(), text).unwrap();
    let found: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn bad(text: &str, message: &str) {
    bad_at(1, text, message);
}

#[track_caller]
fn bad_at(line: usize, text: &str, message: &str) {
    assert_eq!(read(&cluster(), text).unwrap_err(), BadCommand { line, message: message.to_owned() });
}

#[test]
fn taint() {
    check("kubectl taint nodes n1 k=v:NoSchedule", &["taint n1/k=v:NoSchedule"]);
    check("kubectl taint node n1 n2 k:NoExecute", &["taint n1/k:NoExecute", "taint n2/k:NoExecute"]);
    check("kubectl taint no --all k:NoSchedule", &["taint k:NoSchedule"]);
    check("kubectl taint nodes -l disk=ssd k:NoSchedule", &["taint n1/k:NoSchedule", "taint n2/k:NoSchedule"]);
    // The value of a taint to remove is not looked at.
    check("kubectl taint nodes n2 dedicated=cpu:NoSchedule-", &["remove taint n2/dedicated:NoSchedule"]);
    check(
        "kubectl taint nodes n2 dedicated- k=v:NoSchedule",
        &["remove taint n2/dedicated", "taint n2/k=v:NoSchedule"],
    );
    check("kubectl taint nodes --all dedicated-", &["remove taint dedicated"]);
    check(
        "kubectl taint nodes n2 --overwrite dedicated=x:NoSchedule",
        &["remove taint n2/dedicated:NoSchedule", "taint n2/dedicated=x:NoSchedule"],
    );
    check("kubectl taint nodes n1 --overwrite=true k:NoSchedule", &["taint n1/k:NoSchedule"]);
    check("kubectl taint nodes n2 --overwrite dedicated=gpu:NoSchedule", &[]);
    bad(
        "kubectl taint nodes n2 dedicated=x:NoSchedule",
        "error: node n2 already has dedicated taint(s) with same effect(s) and --overwrite is false",
    );
    bad("kubectl taint nodes n1 dedicated-", "error: taint \"dedicated\" not found");
    bad("kubectl taint nodes n3 k-", "Error from server (NotFound): nodes \"n3\" not found");
    bad("kubectl taint nodes n1 k=v", "error: invalid taint spec: k=v, expected KEY[=VALUE]:EFFECT");
    bad("kubectl taint nodes n1 k=v-", "error: invalid taint spec: k=v");
    bad("kubectl taint nodes n1 k:Never", "error: invalid taint effect: Never, unsupported taint effect");
    bad("kubectl taint nodes n1", "error: at least one taint update is required");
    bad("kubectl taint k:NoSchedule", "error: one or more resources must be specified as <resource> <name>");
    bad(
        "kubectl taint nodes k:NoSchedule",
        "error: at least one resource name must be specified since 'all' parameter is not set",
    );
    bad("kubectl taint pods x k:NoSchedule", "error: invalid resource type pods, only node types are supported");
    bad("kubectl taint nodes n1 k:NoSchedule n2", "error: all resources must be specified before taint changes: n2");
    bad(
        "kubectl taint nodes n1 k:NoSchedule k-",
        "error: can not both modify and remove the following taint(s) in the same command: {\"k\":\"\"}",
    );
}

#[test]
fn label_and_annotate() {
    check("kubectl label node n1 zone=a disk-", &["label node/n1 zone=a disk-"]);
    check("kubectl label nodes --all --overwrite disk=hdd", &["label node/n1 disk=hdd", "label node/n2 disk=hdd"]);
    check("kubectl label node/n1 disk=ssd", &["label node/n1 disk=ssd"]);
    check("kubectl -n default label deploy web a=b", &["label default/deployment/web a=b"]);
    check(
        "kubectl label deploy,ds -l '!x' a=b -A",
        &[
            "label default/deployment/waits a=b",
            "label default/deployment/web a=b",
            "label default/daemonset/agent a=b",
        ],
    );
    check("kubectl annotate deploy web note='a=b - c'", &["annotate default/deployment/web note=a=b - c"]);
    bad("kubectl label node n1 disk=hdd", "error: 'disk' already has a value (ssd), and --overwrite is false");
    bad("kubectl label node n1 a=b=c", "error: invalid label spec: a=b=c");
    bad("kubectl label node n1", "error: at least one label update is required");
    bad("kubectl label node n1 a=b a-", "error: can not both modify and remove a label in the same command");
    bad(
        "kubectl label a=b",
        "error: one or more resources must be specified as <resource> <name> or <resource>/<name>",
    );
    bad("kubectl label nodes a=b", "error: resource(s) were provided, but no name was specified");
    bad("kubectl label nodes n1 -l x a=b", "error: name cannot be provided when a selector is specified");
    bad("kubectl label nodes -l x=y a=b", "No resources found");
    bad("kubectl label noodles n1 a=b", "error: the server doesn't have a resource type \"noodles\"");
    bad("kubectl label node n1 zone-", "label \"zone\" not found.");
}

#[test]
fn commands_see_what_those_before_them_did() {
    check(
        "kubectl annotate pod bare a=1\nkubectl annotate pod bare a-",
        &["annotate default/pod/bare a=1", "annotate default/pod/bare a-"],
    );
    bad_at(
        2,
        "kubectl annotate pod bare a=1\nkubectl annotate pod bare a=2",
        "error: --overwrite is false but found the following declared annotation(s): 'a' already has a value (1)",
    );
    check(
        "kubectl create -f - <<E\n{apiVersion: v1, kind: Namespace, metadata: {name: x}}\nE\nkubectl delete ns x",
        &["apply namespace/x", "delete namespace/x"],
    );
}

#[test]
fn nodes() {
    check("kubectl cordon n1 && kubectl uncordon node/n1", &["cordon n1", "uncordon n1"]);
    check("kubectl cordon -l disk", &["cordon n1", "cordon n2"]);
    check("kubectl drain n1 --ignore-daemonsets --force", &["drain n1"]);
    let drain = "kubectl drain n1 --ignore-daemonsets=true --force --delete-local-data --disable-eviction=false \
                 --grace-period=-1 --timeout=1m30s --pod-selector app=a";
    let Change::Drain(options) = read(&cluster(), drain).unwrap().remove(0) else { panic!("no drain") };
    assert!(options.ignore_daemonsets && options.force && options.delete_emptydir_data && !options.disable_eviction);
    assert_eq!((options.grace_period_seconds, options.timeout_ms), (None, Some(90_000)));
    assert_eq!(options.pod_selector, Some(sim_core::model::LabelSelector::parse("app=a").unwrap()));
    bad("kubectl cordon", "error: USAGE: cordon NODE [flags]");
    bad("kubectl drain n1 -l x", "error: cannot specify both a node name and a --selector option");
    bad("kubectl drain n1 --timeout=x", "error: invalid argument \"x\" for \"--timeout\" flag");
}

#[test]
fn delete() {
    check("kubectl delete pod/bare", &["delete default/pod/bare"]);
    check(
        "kubectl delete -n default deploy web waits",
        &["delete default/deployment/web", "delete default/deployment/waits"],
    );
    check("kubectl delete ds --all --wait=false", &["delete default/daemonset/agent"]);
    check("kubectl delete pod none --ignore-not-found", &[]);
    let options = |text: &str| match read(&cluster(), text).unwrap().remove(0) {
        Change::Delete(_) => (DeleteOptions::default(), false),
        Change::DeleteWith { options, force, .. } => (options, force),
        other => panic!("{other}"),
    };
    let with = |propagation, grace_period_seconds| DeleteOptions { propagation, grace_period_seconds };
    for (flags, expected) in [
        ("", (with(None, None), false)),
        ("--grace-period=5", (with(None, Some(5)), false)),
        ("--grace-period=0", (with(None, Some(1)), false)),
        ("--now", (with(None, Some(1)), false)),
        ("--force", (with(None, Some(0)), true)),
        ("--force --grace-period=0", (with(None, Some(0)), true)),
        ("--cascade", (with(Some(Propagation::Background), None), false)),
        ("--cascade=foreground", (with(Some(Propagation::Foreground), None), false)),
        ("--cascade=false", (with(Some(Propagation::Orphan), None), false)),
    ] {
        assert_eq!(options(&format!("kubectl delete pod bare {flags}")), expected, "{flags}");
    }
    bad("kubectl delete pod none", "Error from server (NotFound): pods \"none\" not found");
    bad("kubectl delete -n other pod bare", "Error from server (NotFound): pods \"bare\" not found");
    bad(
        "kubectl delete pod bare --force --grace-period=3",
        "error: --force and --grace-period greater than 0 cannot be specified together",
    );
    bad(
        "kubectl delete pod bare --now --grace-period=3",
        "error: --now and --grace-period cannot be specified together",
    );
    bad("kubectl delete", "error: you must provide one or more resources by argument or filename");
    bad("kubectl delete pod --all -l x", "error: cannot set --all and --selector at the same time");
    bad("kubectl delete pod bare -A", "error: a resource cannot be retrieved by name across all namespaces");
}

#[test]
fn a_patch_of_the_status() {
    let text = "kubectl patch node n1 --subresource=status -p 'status: {phase: x}'";
    let change = read(&cluster(), text).unwrap().remove(0);
    assert!(matches!(&change, Change::PatchStatus { type_: PatchType::Strategic, .. }), "{change}");
    bad(
        "kubectl patch node n1 --subresource=stats -p '{}'",
        "error: invalid subresource value: \"stats\". Must be one of [status scale resize]",
    );
}

#[test]
fn patch() {
    let patch = |text: &str| match read(&cluster(), text).unwrap().remove(0) {
        Change::Patch { type_, patch, .. } => (type_, patch.to_string()),
        other => panic!("{other}"),
    };
    let spec = r#"{"spec":{"paused":true}}"#;
    for (text, expected) in [
        (format!("kubectl patch deploy web -p '{spec}'"), (PatchType::Strategic, spec)),
        (format!("kubectl patch deploy/web --type merge --patch='{spec}'"), (PatchType::Merge, spec)),
        ("kubectl patch deploy web -p 'spec: {paused: true}'".to_owned(), (PatchType::Strategic, spec)),
        (
            r#"kubectl patch deploy web --type=json -p='[{"op":"remove","path":"/spec/replicas"}]'"#.to_owned(),
            (PatchType::Json, r#"[{"op":"remove","path":"/spec/replicas"}]"#),
        ),
    ] {
        assert_eq!(patch(&text), (expected.0, expected.1.to_owned()), "{text}");
    }
    let none = "error: must specify --patch or --patch-file containing the contents of the patch";
    bad("kubectl patch deploy web", none);
    bad("kubectl patch deploy web --type=x -p '{}'", "error: --type must be one of [json merge strategic], not \"x\"");
    bad("kubectl patch deploy web --type=json -p '{}'", "error: unable to parse \"{}\": expected a list of operations");
    bad("kubectl patch deploy -p '{}'", "error: resource(s) were provided, but no name was specified");
    bad("kubectl patch deploy web -p", "error: flag needs an argument: --patch");
}

#[test]
fn scale_set_and_rollout() {
    check("kubectl scale deploy web --replicas=3", &["scale default/deployment/web=3"]);
    check(
        "kubectl scale --replicas 0 deploy --all",
        &["scale default/deployment/waits=0", "scale default/deployment/web=0"],
    );
    check("kubectl scale --current-replicas=2 --replicas=3 deployment/web", &["scale default/deployment/web=3"]);
    bad("kubectl scale deploy web", "error: required flag(s) \"replicas\" not set");
    bad("kubectl scale deploy web --replicas=x", "error: invalid argument \"x\" for \"--replicas\" flag");
    bad("kubectl scale --current-replicas=1 --replicas=3 deploy web", "error: Expected replicas to be 1, was 2");
    bad(
        "kubectl scale deploy web --replicas=-1",
        "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
    );
    check("kubectl set image deployment/web c=nginx:2 log=x", &["set image default/deployment/web c=nginx:2 log=x"]);
    check("kubectl set image ds --all *=nginx:2", &["set image default/daemonset/agent *=nginx:2"]);
    bad("kubectl set image deploy web", "error: at least one image update is required");
    bad("kubectl set image deploy web none=x", "error: unable to find container named \"none\"");
    let all =
        "error: all containers are already specified by *, but saw more than one container_name=container_image pairs";
    bad("kubectl set image deploy web *=x c=y", all);
    let patch = r#"{"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]}}}}"#;
    check(
        "kubectl set resources deploy web -c c --requests=cpu=1",
        &[&format!("patch default/deployment/web {patch}")],
    );
    bad("kubectl set resources deploy web -c x --limits=cpu=1", "error: unable to find container named x");
    check(
        "kubectl rollout restart deploy",
        &["rollout restart default/deployment/waits", "rollout restart default/deployment/web"],
    );
    check(
        "kubectl rollout restart deploy/web; kubectl rollout status deploy/web",
        &["rollout restart default/deployment/web"],
    );
    check("kubectl rollout pause deploy/web", &[r#"patch default/deployment/web {"spec":{"paused":true}}"#]);
    bad("kubectl rollout undo deploy/web", "error: no rollout history found for deployment \"web\"");
    bad("kubectl rollout undo deploy/web --to-revision=7", "error: unable to find specified revision 7 in history");
    bad("kubectl rollout restart", "error: required resource not specified");
}

#[test]
fn apply_and_create() {
    let text = "cat <<'EOF' | kubectl apply -n x -f -\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n\
                apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: '$b'}\nEOF";
    let changes = read(&cluster(), text).unwrap();
    let [Change::Apply(objects)] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((objects[0].namespace(), objects[1].namespace()), (None, Some("x")));
    let config = |namespace: &str| {
        format!("<<E\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c, namespace: {namespace}}}}}\nE\n")
    };
    check(&format!("kubectl apply -f - {}", config("default")), &["apply configmap/c"]);
    bad(
        &format!("kubectl -n y apply -f - {}", config("default")),
        "error: the namespace from the provided object \"default\" does not match the namespace \"y\". You must pass \
         '--namespace=default' to perform this operation.",
    );
    let twice = format!("kubectl create -f - {}kubectl create -f - {0}", config("default"));
    bad_at(4, &twice, "Error from server (AlreadyExists): configmaps \"c\" already exists");
    bad("kubectl apply -f -", "error: -f - reads standard input: give the manifests in a heredoc (<<'EOF')");
    bad("kubectl apply", "error: must specify one of -f and -k");
    bad("kubectl apply -f https://x/y.yaml", "error: https://x/y.yaml: sim has no network: fetch the file first");
    let error = read(&cluster(), "kubectl apply -f - <<E\nkind: Pod\nE").unwrap_err();
    assert!(error.message.starts_with("error: <stdin>:1"), "{}", error.message);
}

#[test]
fn what_is_no_change() {
    check("", &[]);
    check("# a comment\n\n", &[]);
    check("kubectl get pods -A -o wide\nkubectl -n kube-system describe pod x\nkubectl logs x -f", &[]);
    check("kubectl --context=prod --kubeconfig x cordon n1", &["cordon n1"]);
    check("/usr/bin/kubectl cordon n1 -o name", &["cordon n1"]);
    bad("cordon n1", "error: \"cordon\" is no kubectl command: expected kubectl VERB …");
    bad("kubectl", "error: the command names no verb: expected kubectl VERB …");
    bad("kubectl cordon n1 --loud", "error: unknown flag: --loud");
    bad("kubectl cordon n1 -x", "error: unknown shorthand flag: 'x' in -x");
    bad_at(
        3,
        "\n\nkubectl edit deploy web",
        &format!(
            "error: sim does not know \"kubectl edit\": {}",
            "it knows annotate, apply, \
        cordon, create -f, delete, drain, label, patch, rollout, scale, set image, set resources, taint and uncordon"
        ),
    );
    bad_at(2, "kubectl cordon n1\nkubectl cordon n3", "Error from server (NotFound): nodes \"n3\" not found");
}
