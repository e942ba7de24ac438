//! All that is wrong with a Scenario is told at once, each where it stands.

use sim_scenario::load;

/// `LINE:COLUMN MESSAGE HINT` of each fault; messages are cut short.
fn faults(text: &str) -> Vec<String> {
    let input = load(&["-"], &mut text.as_bytes());
    let line = |fault: &sim_scenario::Fault| {
        let location = fault.location.clone().expect("a place");
        let message: String = fault.message.chars().take(30).collect();
        let hint = fault.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}:{} {message}{hint}", location.line, location.column)
    };
    input.faults.iter().map(line).collect()
}

#[test]
fn every_fault_is_told_where_it_stands() {
    let text = "\
apiVersion: sim/v1
kind: Scenario
metadata: {name: t}
spec:
  untill: 5m
  start: yesterday
  timeline:
    - at: 5 minutes
      steps:
        - cordn: n1
        - cordon: n1
        - scale: {workload: deployment/web, replcas: 3}
        - taint: {node: n1, taint: 'k=v:Never'}
    - at: -1m
      steps: [{uncordon: [n1]}, {explode: n1}, {delete: nothing}]
  expectations:
    - {pods: {}, nodes: {}}
";
    let expected = [
        "5:11 unknown field `untill`, expect (did you mean until?)",
        "6:10 \"yesterday\" is no point in tim",
        "8:11 \"5 minutes\" is no duration: ex",
        "10:11 unknown variant `cordn`, expec (did you mean cordon?)",
        "12:54 unknown field `replcas`, expec (did you mean replicas?)",
        "13:11 invalid taint effect: Never, u",
        "14:11 -1m is before the start of the",
        "15:26 invalid type: sequence, expect",
        "15:33 unknown variant `explode`, exp",
        "15:48 there is no object in \"nothing",
        "17:7 expected one of `pods`, `nodes",
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn what_lacks_a_part_that_was_wrong_is_no_second_fault() {
    let text = "apiVersion: sim/v1\nkind: Scenario\nmetadata: {nam: t}\nspec: {until: [1]}\n";
    let faults = faults(text);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].starts_with("3:17 unknown field `nam`"), "{faults:#?}");
    assert!(faults[1].starts_with("4:15 invalid type: sequence"), "{faults:#?}");
}

#[test]
fn a_scenario_of_nothing_but_faults_comes_to_an_end() {
    let steps = "        - {explode: n1}\n".repeat(300);
    let text = format!(
        "apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: t}}\nspec:\n  timeline:\n    - at: 1m\n      steps:\n{steps}"
    );
    assert_eq!(faults(&text).len(), 100);
}

/// A pod that ran on a node that is gone waits for the garbage collector of pods; one that never ran has a wrong node.
#[test]
fn a_pod_of_a_node_that_is_not_there() {
    let input = |nodes: &[&str], phase: &str| {
        let node = |name: &&str| format!("apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n---\n");
        let nodes: String = nodes.iter().map(node).collect();
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: default}}\n\
             spec: {{nodeName: gone, containers: [{{name: c, image: i}}]}}\nstatus: {{phase: {phase}}}\n"
        );
        let input = load(&["-"], &mut (nodes + &pod).as_bytes());
        input.faults.iter().map(|fault| format!("{:?} {}", fault.severity, fault.message)).collect::<Vec<_>>()
    };
    let wrong = "Error the pod is bound to node \"gone\", which is not in the input";
    assert_eq!(input(&["n1"], "Pending"), [wrong]);
    assert_eq!(input(&[], "Running"), [wrong], "a dump without nodes");
    let gone = "Warning the pod ran on node \"gone\", which is not in the input: it is taken to be gone";
    assert_eq!(input(&["n1", "n2"], "Running"), [gone]);
}

/// A Service may say its address in one field: the other follows.
#[test]
fn a_service_with_an_address_is_taken() {
    for address in ["10.96.0.50", "None"] {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: default}}\n\
             spec: {{clusterIP: {address}, selector: {{app: web}}, ports: [{{port: 80}}]}}\n"
        );
        assert_eq!(faults(&text), Vec::<String>::new(), "{address}");
    }
}
