//! Why pods were never created: which object admission refused them for, read from the server's own sentence.

use sim_cluster::Cluster;

use super::symptom::Symptom;
use super::thing::ThingKind;
use super::wait::Wait;
use super::webhook;

/// What the refusal of pods goes back to.
pub(crate) fn wait(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom) -> Wait {
    let wait = refused(&symptom.namespace, &symptom.sentence);
    match wait.thing.kind {
        ThingKind::Webhook => {
            let then = webhook::behind(cluster, symptoms, &wait.thing.name);
            wait.then(then)
        }
        _ => wait,
    }
}

fn refused(namespace: &str, sentence: &str) -> Wait {
    let wait = |verb, kind, name: String| Wait::new(verb, kind, name).says(sentence);
    let in_namespace = |name: &str| format!("{namespace}/{name}");
    let word_after = |part: &str| {
        let rest = sentence.split_once(part)?.1;
        let word: String =
            rest.chars().take_while(|c| !c.is_whitespace() && *c != ',' && *c != ':' && *c != '"').collect();
        Some(word).filter(|word| !word.is_empty())
    };
    if let Some(quota) = word_after("exceeded quota: ") {
        return wait("is refused by", ThingKind::ResourceQuota, in_namespace(&quota));
    }
    if let Some(quota) = word_after("failed quota: ") {
        return wait("is refused by", ThingKind::ResourceQuota, in_namespace(&quota));
    }
    if sentence.contains("insufficient quota to match these scopes") {
        return wait("is refused for want of a", ThingKind::ResourceQuota, in_namespace("(scoped)"));
    }
    if let Some(account) = word_after("error looking up service account ") {
        return wait("runs as", ThingKind::ServiceAccount, account);
    }
    if let Some(class) = word_after("no PriorityClass with name ") {
        return wait("names the", ThingKind::PriorityClass, class);
    }
    if let Some(class) = word_after("RuntimeClass \"") {
        return wait("names the", ThingKind::RuntimeClass, class);
    }
    if let Some(level) = word_after("violates PodSecurity \"") {
        return wait("is refused by", ThingKind::PodSecurity, format!("level {level} of namespace {namespace}"));
    }
    if let Some(webhook) = word_after("failed calling webhook \"") {
        return wait("must be let in by", ThingKind::Webhook, webhook);
    }
    if sentence.contains("because it is being terminated") {
        return wait("is created in", ThingKind::Namespace, namespace.to_owned());
    }
    if sentence.contains("usage per Container")
        || sentence.contains("usage per Pod")
        || sentence.contains("limit to request ratio")
    {
        return wait("is refused by", ThingKind::LimitRange, in_namespace("(limits)"));
    }
    wait("is told", ThingKind::Other, sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[track_caller]
    fn check(sentence: &str, expected: &str) {
        assert_eq!(refused("web", sentence).thing.to_string(), expected);
    }

    #[test]
    fn the_servers_sentences_name_the_object() {
        check(
            r#"Error creating: pods "a-x" is forbidden: exceeded quota: compute, requested: cpu=1, used: cpu=4, limited: cpu=4"#,
            "resourcequota web/compute",
        );
        check(
            r#"Error creating: pods "a-" is forbidden: failed quota: compute: must specify limits.cpu"#,
            "resourcequota web/compute",
        );
        check(
            r#"Error creating: pods "a-" is forbidden: error looking up service account web/robot: serviceaccount "robot" not found"#,
            "serviceaccount web/robot",
        );
        check(
            r#"Error creating: pods "a-" is forbidden: no PriorityClass with name high was found"#,
            "priorityclass high",
        );
        check(
            r#"Error creating: pods "a-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false"#,
            "pod security level restricted of namespace web",
        );
        check(
            r#"Error creating: Internal error occurred: failed calling webhook "guard.example": failed to call webhook: Post "https://guard.policy.svc:443/?timeout=10s": no endpoints available for service "guard""#,
            "webhook guard.example",
        );
        check("something else", "something else");
    }
}
