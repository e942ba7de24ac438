//! Whether `sim diagnose` and `sim fix` find what a Scenario says is wrong, and what cures it.

use sim_advisor::{CureClass, Diagnosis, FixResult, Goal, RootCause, Verdict, diagnose, fix, try_changes};
use sim_cluster::{Cluster, ExpectationOutcome, Trial, format_millis};
use sim_scenario::{Because, DiagnosisExpectation, ExpectedClass, ExpectedOutlook, FalseCure, Scenario};

/// The outcomes of a Scenario's expectations about causes and cures. The cluster is at virtual time zero.
pub(super) fn check(scenario: &Scenario, cluster: &Cluster) -> Vec<ExpectationOutcome> {
    scenario.diagnosis.iter().flat_map(|expected| check_one(scenario, expected, cluster)).collect()
}

fn check_one(scenario: &Scenario, expected: &DiagnosisExpectation, start: &Cluster) -> Vec<ExpectationOutcome> {
    let mut cluster = start.clone();
    let until = expected.at_ms.or(scenario.until_ms);
    let mut trial = Trial::new(Vec::new(), until, true);
    trial.run(&mut cluster);
    let at = format_millis(cluster.now_ms());
    let outcome = |name: String, source: String, found: Option<String>| ExpectationOutcome {
        name,
        at: at.clone(),
        holds: found.is_none(),
        found,
        source,
        ..ExpectationOutcome::default()
    };
    let source = expected.source.to_string();
    let mut outcomes = vec![outcome(
        format!("the cause: {}", expected.cause),
        source.clone(),
        wrong_cause(expected, &diagnose(&cluster)),
    )];
    if !expected.cures.is_empty() {
        let answers = fix(&cluster, &Goal::AllWell, &mut |_| true);
        for cure in &expected.cures {
            let found = match &answers {
                Ok(result) => wrong_answers(&cure.says, cure.class, result),
                Err(error) => Some(error.to_string()),
            };
            outcomes.push(outcome(format!("a cure: {}", cure.says), source.clone(), found));
        }
    }
    outcomes.extend(expected.false_cures.iter().map(|cure| {
        outcome(format!("no cure: {}", cure.name), cure.source.to_string(), taken_for_a_cure(cure, &cluster))
    }));
    outcomes
}

/// What was diagnosed instead.
fn wrong_cause(expected: &DiagnosisExpectation, diagnosis: &Diagnosis) -> Option<String> {
    let says = |cause: &RootCause| {
        let things = cause.things.iter().map(ToString::to_string);
        let texts =
            [cause.title.clone(), cause.why.clone()].into_iter().chain(things).chain(cause.path.iter().cloned());
        texts.into_iter().any(|text| text.contains(&expected.cause))
    };
    let outlook = |cause: &RootCause| {
        expected.outlook.is_none_or(|outlook| {
            matches!(
                (outlook, cause.outlook.verdict),
                (ExpectedOutlook::Never, Verdict::Never)
                    | (ExpectedOutlook::NotNow, Verdict::NotNow)
                    | (ExpectedOutlook::When, Verdict::When)
            )
        })
    };
    let is_it = |cause: &RootCause| {
        says(cause)
            && expected.pods.is_none_or(|pods| cause.pods == pods)
            && expected.deadlock.is_none_or(|deadlock| cause.is_deadlock == deadlock)
            && outlook(cause)
    };
    if diagnosis.causes.iter().any(is_it) {
        return None;
    }
    let found = diagnosis.causes.iter().map(|cause| {
        let deadlock = if cause.is_deadlock { "deadlock, " } else { "" };
        format!(
            "{} ({deadlock}{} pods, {:?}: {})",
            cause.title,
            cause.pods,
            cause.outlook.verdict,
            cause.path.join("; ")
        )
    });
    let found: Vec<String> = found.collect();
    Some(if found.is_empty() { "nothing is wrong".to_owned() } else { format!("found: {}", found.join(" | ")) })
}

/// Which answers there are instead.
fn wrong_answers(says: &str, class: Option<ExpectedClass>, result: &FixResult) -> Option<String> {
    let is_of = |found: CureClass| {
        class.is_none_or(|class| {
            matches!(
                (class, found),
                (ExpectedClass::RemovesCause, CureClass::RemovesCause)
                    | (ExpectedClass::LivesWithCause, CureClass::LivesWithCause)
                    | (ExpectedClass::HidesCause, CureClass::HidesCause)
            )
        })
    };
    if result.answers.iter().any(|answer| answer.edits.join("; and ").contains(says) && is_of(answer.class)) {
        return None;
    }
    let answers = result.answers.iter().map(|answer| format!("{} ({:?})", answer.edits.join("; and "), answer.class));
    let vain = result.vain.iter().map(|vain| format!("not {}: {}", vain.edit, vain.because));
    let found: Vec<String> = answers.chain(vain).collect();
    Some(if found.is_empty() { "no answer".to_owned() } else { format!("answers: {}", found.join(" | ")) })
}

/// Why a false cure was not seen to be one.
fn taken_for_a_cure(cure: &FalseCure, cluster: &Cluster) -> Option<String> {
    let tried = match try_changes(cluster, &cure.changes, &Goal::AllWell) {
        Ok(tried) => tried,
        Err(refused) => {
            return (cure.because != Because::Refused).then(|| format!("a step was refused: {refused}"));
        }
    };
    let is_so = match cure.because {
        Because::DoesNotHelp => !tried.holds,
        Because::Undone => !tried.undone.is_empty(),
        Because::Returns => tried.returns.is_some(),
        Because::Opens => !tried.opens.is_empty(),
        Because::Disturbs => tried.disturbed > 0,
        Because::Refused => false,
    };
    let holds = if tried.holds { "the goal is reached" } else { "the goal is not reached" };
    (!is_so).then(|| {
        format!(
            "{holds}; undone: {:?}; returns: {:?}; opens: {:?}; disturbed: {}",
            tried.undone, tried.returns, tried.opens, tried.disturbed
        )
    })
}
