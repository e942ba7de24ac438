//! What is refused, what is warned of and what is taken, each with its place.

use sim_core::Version;
use sim_core::scheduler::config::{ExtensionPoint, SchedulerConfig};

use super::load_scheduler_config;
use crate::fault::Fault;

fn load(version: &str, text: &str) -> Result<(SchedulerConfig, Vec<Fault>), Vec<Fault>> {
    let version: Version = version.parse().expect("a version");
    load_scheduler_config("-".as_ref(), version, &mut text.as_bytes())
}

fn document(api: &str, body: &str) -> String {
    format!("apiVersion: kubescheduler.config.k8s.io/{api}\nkind: KubeSchedulerConfiguration\n{body}")
}

/// What is said of a text, each as `line:column: path: message`.
fn said(version: &str, text: &str) -> Vec<String> {
    let faults = load(version, text).map_or_else(|faults| faults, |(_, warnings)| warnings);
    let words = faults.iter().map(|fault| fault.to_string().replacen("KubeSchedulerConfiguration: ", "", 1));
    words.map(|text| text.replacen("<stdin>:", "", 1)).collect()
}

/// What is said of the body of a configuration; its first line is the third.
#[track_caller]
fn check_in(version: &str, api: &str, body: &str, expected: &[&str]) {
    assert_eq!(said(version, &document(api, body)), expected, "{body}");
}

#[track_caller]
fn check(body: &str, expected: &[&str]) {
    check_in("1.34", "v1", body, expected);
}

/// The plugins of one extension point.
fn plugins(point: &str, set: &str) -> String {
    format!("profiles:\n- plugins:\n    {point}:\n      {set}\n")
}

/// The arguments of one plugin.
fn args(plugin: &str, args: &str) -> String {
    format!("profiles:\n- pluginConfig:\n  - name: {plugin}\n    args: {args}\n")
}

#[track_caller]
fn check_args(plugin: &str, written: &str, expected: &[&str]) {
    check(&args(plugin, written), expected);
}

#[test]
fn a_plugin_that_does_not_exist() {
    check(
        &plugins("score", "disabled: [{name: NodeResourceFit}]"),
        &[
            "6:25: profiles[0].plugins.score.disabled[0].name: there is no plugin \"NodeResourceFit\" in kube-scheduler v1.34.0",
        ],
    );
    check(
        &args("Foo", "{}"),
        &["5:11: profiles[0].pluginConfig[0].name: there is no plugin \"Foo\" in kube-scheduler v1.34.0"],
    );
}

#[test]
fn weights() {
    let of = |weight: &str| plugins("score", &format!("enabled: [{{name: ImageLocality, weight: {weight}}}]"));
    check(&of("7"), &[]);
    check(
        &of("0"),
        &[
            "6:47: profiles[0].plugins.score.enabled[0].weight: 0 stands for the default of 1; to leave a plugin out, list it under disabled",
        ],
    );
    check(
        &of("-1"),
        &[
            "6:47: profiles[0].plugins.score.enabled[0].weight: a weight is at least 1; to leave a plugin out, list it under disabled",
        ],
    );
    check(
        &of("3000000000"),
        &[
            "6:47: profiles[0].plugins.score.enabled[0].weight: invalid value: integer `3000000000`, expected a whole number of 32 bits",
        ],
    );
    // What does not score has a weight of 0 in what kube-scheduler writes itself.
    check(&plugins("multiPoint", "enabled: [{name: NodeName, weight: 0}, {name: VolumeBinding, weight: 0}]"), &[]);
    check(&plugins("filter", "enabled: [{name: TaintToleration, weight: 0}]"), &[]);
    check(&plugins("score", "enabled: [{name: VolumeBinding, weight: 1}]"), &[]);
    check_in(
        "1.20",
        "v1beta1",
        &plugins("score", "enabled: [{name: VolumeBinding}]"),
        &[
            "6:24: profiles[0].plugins.score.enabled[0].name: plugin \"VolumeBinding\" has no score in kube-scheduler v1.20.0",
        ],
    );
}

#[test]
fn two_profiles() {
    check(
        "profiles:\n- schedulerName: a\n- schedulerName: a\n",
        &["5:18: profiles[1].schedulerName: duplicate value \"a\": profiles[0] has it already"],
    );
    let other = "profiles:\n- schedulerName: a\n- schedulerName: b\n  plugins:\n    queueSort:\n      disabled: [{name: '*'}]\n      enabled: [{name: PrioritySort}]\n";
    check(
        other,
        &["8:7: profiles[1].plugins.queueSort: must be the same for all profiles: it is another in profiles[0]"],
    );
    // The same plugin after all, once v1beta2's defaults are in.
    check_in("1.23", "v1beta2", other, &[]);
}

#[test]
fn null_is_what_is_not_there() {
    check("profiles: null\nextenders: null\nleaderElection: null\n", &[]);
    check(
        "profiles:\n- plugins: {score: {enabled: null}, filter: null}\n  pluginConfig: null\n  schedulerName: null\n",
        &[],
    );
    check_args("NodeResourcesFit", "null", &[]);
    check_args(
        "NodeResourcesFit",
        "{ignoredResources: null, scoringStrategy: {type: LeastAllocated, resources: null}}",
        &[],
    );
    check("profiles:\n- null\n", &[]);
}

#[test]
fn what_kube_scheduler_writes_itself_is_taken() {
    let text = include_str!("dump_v1.34.yaml");
    let (config, warnings) = load("1.34", text).expect("a configuration");
    assert_eq!(warnings, []);
    assert_eq!(config.profiles.len(), 1);
}

#[test]
fn fields_by_api_version_and_minor() {
    let no_field = |version: &str, api: &str, body: &str, place: &str| {
        check_in(version, api, body, &[&format!("{place}: is no field of {api} in kube-scheduler v{version}.0")]);
    };
    let multi_point = plugins("multiPoint", "disabled: [{name: ImageLocality}]");
    no_field("1.22", "v1beta2", &multi_point, "6:7: profiles[0].plugins.multiPoint");
    check_in("1.23", "v1beta2", &multi_point, &["6:7: profiles[0].plugins.multiPoint: has no effect in v1beta2"]);
    check_in("1.23", "v1beta3", &multi_point, &[]);
    let pre_enqueue = plugins("preEnqueue", "disabled: [{name: '*'}]");
    no_field("1.25", "v1", &pre_enqueue, "6:7: profiles[0].plugins.preEnqueue");
    check_in("1.27", "v1beta2", &pre_enqueue, &["6:7: profiles[0].plugins.preEnqueue: has no effect in v1beta2"]);
    no_field("1.34", "v1", &plugins("unreserve", "enabled: []"), "6:7: profiles[0].plugins.unreserve");
    no_field("1.18", "v1alpha2", &plugins("postFilter", "enabled: []"), "6:7: profiles[0].plugins.postFilter");
    let of_profile = "profiles:\n- percentageOfNodesToScore: 10\n";
    no_field("1.25", "v1", of_profile, "4:29: profiles[0].percentageOfNodesToScore");
    no_field("1.28", "v1beta3", of_profile, "4:29: profiles[0].percentageOfNodesToScore");
    check_in("1.26", "v1", of_profile, &[]);
    no_field("1.23", "v1beta3", "healthzBindAddress: ''\n", "3:21: healthzBindAddress");
    no_field("1.34", "v1", "bindTimeoutSeconds: 5\n", "3:21: bindTimeoutSeconds");
    no_field("1.34", "v1", "disablePreemption: false\n", "3:20: disablePreemption");
    no_field("1.27", "v1", "delayCacheUntilActive: true\n", "3:24: delayCacheUntilActive");
    no_field("1.19", "v1beta1", "parallelism: 5\n", "3:14: parallelism");
    no_field("1.18", "v1alpha1", "profiles: []\n", "3:11: profiles");
    no_field("1.18", "v1alpha1", "extenders: []\n", "3:12: extenders");
    no_field("1.34", "v1", "schedulerName: x\n", "3:16: schedulerName");
    let of_args = |field: &str| format!("6:{}: profiles[0].pluginConfig[0].args.{field}", 14 + field.len());
    let ignoring = args("InterPodAffinity", "{ignorePreferredTermsOfExistingPods: true}");
    no_field("1.26", "v1", &ignoring, &of_args("ignorePreferredTermsOfExistingPods"));
    check_in("1.27", "v1beta2", &ignoring, &[]);
    let strategy = args("NodeResourcesFit", "{scoringStrategy: {type: MostAllocated}}");
    no_field("1.21", "v1beta1", &strategy, &of_args("scoringStrategy"));
    check_in("1.22", "v1beta1", &strategy, &[]);
    check_in(
        "1.19",
        "v1beta1",
        &args("NodeAffinity", "{addedAffinity: {}}"),
        &[
            "6:11: profiles[0].pluginConfig[0].args: plugin NodeAffinity takes no arguments in v1beta1 of kube-scheduler v1.19.0",
        ],
    );
    check("metadata: {name: x}\n", &["3:11: metadata: unknown field"]);
}

#[test]
fn api_versions_by_version() {
    check_in("1.25", "v1", "profiles: []\n", &[]);
    check_in(
        "1.22",
        "v1",
        "profiles: []\n",
        &["1:13: apiVersion: kube-scheduler v1.22.0 does not know v1; it knows v1beta1, v1beta2"],
    );
}

#[test]
fn plugins_by_api_version_and_minor() {
    let place = "6:24: profiles[0].plugins";
    let removed = |version: &str, api: &str, point: &str, plugin: &str| {
        let body = plugins(point, &format!("enabled: [{{name: {plugin}}}]"));
        let expected = format!(
            "{place}.{point}.enabled[0].name: plugin \"{plugin}\" was removed in {api} of kube-scheduler v{version}.0"
        );
        check_in(version, api, &body, &[&expected]);
        let expected = format!(
            "5:11: profiles[0].pluginConfig[0].name: plugin \"{plugin}\" was removed in {api} of kube-scheduler v{version}.0"
        );
        check_in(version, api, &args(plugin, "{}"), &[&expected]);
    };
    removed("1.22", "v1beta2", "score", "NodeResourcesLeastAllocated");
    removed("1.25", "v1", "score", "SelectorSpread");
    removed("1.31", "v1", "filter", "EBSLimits");
    check_in("1.25", "v1", &plugins("multiPoint", "enabled: [{name: SelectorSpread}]"), &[]);
    check_in("1.31", "v1", &plugins("multiPoint", "enabled: [{name: EBSLimits}]"), &[]);
    // What upstream takes without a word, and then has no use for.
    check(
        &args("SelectorSpread", "{a: b}"),
        &["5:11: profiles[0].pluginConfig[0].name: has no effect: kube-scheduler v1.34.0 has no plugin SelectorSpread"],
    );
    check(
        &plugins("score", "disabled: [{name: SelectorSpread}]"),
        &[
            "6:25: profiles[0].plugins.score.disabled[0].name: has no effect: kube-scheduler v1.34.0 has no plugin SelectorSpread",
        ],
    );
    check_in(
        "1.20",
        "v1beta1",
        &plugins("score", "enabled: [{name: ImageLocality, weight: 5}]"),
        &[
            "6:24: profiles[0].plugins.score.enabled[0].name: plugin \"ImageLocality\" is enabled by default already: disable it there to enable it here",
        ],
    );
    check_in(
        "1.20",
        "v1beta1",
        &plugins("score", "enabled: [{name: RequestedToCapacityRatio}]"),
        &[
            "6:17: profiles[0].plugins.score.enabled[0]: RequestedToCapacityRatio needs a pluginConfig whose args have a shape: at least one point must be specified",
        ],
    );
    check(
        &plugins("score", "enabled: [{name: ImageLocality}, {name: ImageLocality}]"),
        &["6:47: profiles[0].plugins.score.enabled[1].name: plugin \"ImageLocality\" is enabled twice"],
    );
}

#[test]
fn arguments() {
    let at = "profiles[0].pluginConfig[0].args";
    check_args("NodeResourcesFit", "{scoringStrategie: {}}", &[&format!("6:30: {at}.scoringStrategie: unknown field")]);
    check_args("NodeName", "{a: b}", &[&format!("6:11: {at}: plugin NodeName takes no arguments")]);
    check_args("NodeName", "{}", &[]);
    check_args("NodeAffinity", "foo", &[&format!("6:11: {at}: invalid type: string \"foo\", expected a mapping")]);
    check_args("NodeAffinity", "{kind: PodAffinityArgs}", &[&format!("6:18: {at}.kind: expected NodeAffinityArgs")]);
    check_args(
        "NodeAffinity",
        "{apiVersion: foo/v9}",
        &[&format!("6:24: {at}.apiVersion: \"foo/v9\" is not known: expected kubescheduler.config.k8s.io/v1")],
    );
    check_args(
        "PodTopologySpread",
        "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: 'a b', whenUnsatisfiable: DoNotSchedule}]}",
        &[&format!(
            "6:81: {at}.defaultConstraints[0].topologyKey: \"a b\": must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        )],
    );
    check_args(
        "NodeResourcesFit",
        "{ignoredResources: [a/], ignoredResourceGroups: [x/y]}",
        &[
            &format!("6:31: {at}.ignoredResources[0]: \"a/\": name part must be non-empty"),
            &format!("6:60: {at}.ignoredResourceGroups[0]: \"x/y\": resource group name can't contain '/'"),
        ],
    );
    check_args(
        "DynamicResources",
        "{filterTimeout: -10s}",
        &[&format!("6:27: {at}.filterTimeout: must be zero or positive")],
    );
    check_args(
        "DynamicResources",
        "{filterTimeout: soon}",
        &[&format!("6:27: {at}.filterTimeout: \"soon\" is no duration: expected something like 90s, 25m or 1h30m")],
    );
}

#[test]
fn weights_of_resources() {
    let zero = "{scoringStrategy: {type: LeastAllocated, resources: [{name: cpu, weight: 0}, {weight: 2}]}}";
    let (config, _) = load("1.34", &document("v1", &args("NodeResourcesFit", zero))).expect("a configuration");
    let resources = &config.profiles[0].args.fit.scoring_strategy.resources;
    let resources: Vec<_> = resources.iter().map(|resource| (resource.name.as_str(), resource.weight)).collect();
    assert_eq!(resources, [("cpu", 1), ("", 2)]);
    check_args("NodeResourcesBalancedAllocation", "{resources: [{name: cpu, weight: 0}]}", &[]);
    check_args(
        "NodeResourcesFit",
        "{scoringStrategy: {type: LeastAllocated, resources: [{name: cpu, weight: 101}]}}",
        &[
            "6:84: profiles[0].pluginConfig[0].args.scoringStrategy.resources[0].weight: resource weight of cpu not in valid range (0, 100]",
        ],
    );
    check_in(
        "1.20",
        "v1beta1",
        &args("NodeResourcesLeastAllocated", "{resources: [{name: cpu}]}"),
        &[
            "6:24: profiles[0].pluginConfig[0].args.resources[0].weight: resource weight of cpu not in valid range (0, 100]",
        ],
    );
    let ratio = args("RequestedToCapacityRatio", "{shape: [{score: 1}], resources: [{name: cpu}]}");
    check_in("1.18", "v1alpha2", &ratio, &[]);
    check_in("1.22", "v1beta1", &ratio, &[]);
    check_in(
        "1.21",
        "v1beta1",
        &ratio,
        &[
            "6:45: profiles[0].pluginConfig[0].args.resources[0].weight: resource weight of cpu not in valid range [1, inf)",
        ],
    );
}

#[test]
fn added_affinity() {
    let required = |requirements: &str| {
        format!(
            "{{addedAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{{{requirements}}}]}}}}}}"
        )
    };
    let faults = |requirements: &str| {
        let text = document("v1", &args("NodeAffinity", &required(requirements)));
        let inner = "profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].";
        let cut = said("1.34", &text)
            .iter()
            .map(|text| text.split_once(inner).map_or("", |(_, text)| text).to_owned())
            .collect::<Vec<_>>();
        cut.join("\n")
    };
    assert_eq!(faults("matchExpressions: [{key: disk, operator: In, values: [ssd]}]"), "");
    assert_eq!(
        faults("matchExpressions: [{key: disk, operator: Inn, values: [ssd]}]"),
        "matchExpressions[0].operator: \"Inn\" is not known: expected one of In, NotIn, Exists, DoesNotExist, Gt, Lt"
    );
    assert_eq!(
        faults("matchExpressions: [{key: disk, operator: In}, {key: 'a b', operator: Gt, values: [x]}]"),
        "matchExpressions[0].values: for In and NotIn there must be values\n\
         matchExpressions[1].values: for Gt and Lt it must be an integer\n\
         matchExpressions[1].key: \"a b\": must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    );
    assert_eq!(
        faults(
            "matchFields: [{key: metadata.name, operator: Exists}, {key: metadata.name, operator: In, values: [a, b]}]"
        ),
        "matchFields[0].operator: \"Exists\" is not known: expected one of In, NotIn\n\
         matchFields[1].values: must have one element"
    );
    assert_eq!(
        faults("matchFields: [{key: spec.x, operator: In, values: [a]}]"),
        "matchFields[0].key: no node has the field \"spec.x\": expected metadata.name"
    );
}

#[test]
fn extenders() {
    check("extenders:\n- urlPrefix: http://x\n", &["4:1: extenders: are not modelled: decided as if none were asked"]);
    check("extenders:\n- {urlPrefix: http://x, foo: p}\n", &["4:30: extenders[0].foo: unknown field"]);
    check("extenders:\n- 5\n", &["4:3: extenders[0]: invalid type: integer `5`, expected a mapping"]);
    check(
        "extenders:\n- {urlPrefix: http://x, prioritizeVerb: p, weight: 0}\n",
        &["4:52: extenders[0].weight: must have a positive weight applied to it"],
    );
    check(
        "extenders:\n- {bindVerb: b, httpTimeout: 5s, tlsConfig: {insecure: true}}\n- {bindVerb: b, managedResources: [{name: cpu}]}\n",
        &[
            "5:14: extenders[1].bindVerb: only one extender can implement bind, and extenders[0] does",
            "5:43: extenders[1].managedResources[0].name: \"cpu\": is an invalid extended resource name",
        ],
    );
}

#[test]
fn the_component() {
    check("parallelism: 0\n", &["3:14: parallelism: should be an integer value greater than zero"]);
    check(
        "parallelism: many\n",
        &["3:14: parallelism: invalid type: string \"many\", expected a whole number of 32 bits"],
    );
    check("enableProfiling: 5\n", &["3:18: enableProfiling: invalid type: integer `5`, expected true or false"]);
    check("leaderElection: {leaderElekt: true}\n", &["3:31: leaderElection.leaderElekt: unknown field"]);
    check("leaderElection: 5\n", &["3:17: leaderElection: invalid type: integer `5`, expected a mapping"]);
    let endpoints = "leaderElection: {resourceLock: endpoints}\n";
    check(endpoints, &["3:32: leaderElection.resourceLock: must be \"leases\""]);
    check_in("1.26", "v1", endpoints, &[]);
    check(
        "leaderElection: {leaseDuration: 5s}\n",
        &["3:33: leaderElection.leaseDuration: must be greater than renewDeadline"],
    );
    check("clientConnection: {kubeconfigg: x}\n", &["3:33: clientConnection.kubeconfigg: unknown field"]);
    let address = "healthzBindAddress: 0.0.0.0:10251\n";
    check_in("1.22", "v1beta2", address, &[]);
    check_in("1.23", "v1beta2", address, &["3:21: healthzBindAddress: must be empty or with an explicit 0 port"]);
}

#[test]
fn a_key_that_is_there_twice() {
    check(
        "profiles:\n- schedulerName: a\n  schedulerName: b\n",
        &["5:18: profiles[0].schedulerName: is there twice: which of the two is meant?"],
    );
    let json = "{\"apiVersion\": \"kubescheduler.config.k8s.io/v1\", \"kind\": \"KubeSchedulerConfiguration\",\n\"parallelism\": 1,\n\"parallelism\": 2}";
    let said = said("1.34", json);
    assert!(
        said[0].starts_with("3:") && said[0].ends_with("parallelism: is there twice: which of the two is meant?"),
        "{said:?}"
    );
}

#[test]
fn v1alpha1_is_one_profile() {
    let body = "plugins:\n  postFilter:\n    enabled: [{name: TaintToleration}]\n";
    // Its postFilter is what became preScore.
    let (config, _) = load("1.18", &document("v1alpha1", &format!("{body}    disabled: [{{name: '*'}}]\n")))
        .expect("a configuration");
    assert!(config.profiles[0].plugins.contains_key(&ExtensionPoint::PreScore));
    check_in(
        "1.18",
        "v1alpha1",
        "plugins:\n  score:\n    enabled: [{name: Foo}]\n",
        &["5:22: plugins.score.enabled[0].name: there is no plugin \"Foo\" in kube-scheduler v1.18.0"],
    );
}
