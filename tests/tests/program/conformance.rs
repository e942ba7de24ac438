//! Every recording of the real kube-scheduler that is kept here, decided anew.

use std::path::PathBuf;

use sim_tests::conformance::{Outcome, Tally, check, read_cases, read_lines};

/// Decides all results of a family; every field of every case must agree.
#[track_caller]
fn check_family(family: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let file = |part: &str| {
        let plain = folder.join(format!("{family}.{part}.jsonl"));
        if plain.exists() { plain } else { folder.join(format!("{family}.{part}.jsonl.gz")) }
    };
    let cases = read_cases(&file("cases")).expect("the cases");
    let mut tally = Tally::default();
    let mut shown = Vec::new();
    for result in read_lines(&file("results")).expect("the results") {
        let outcome = check(&cases, &result);
        if let Outcome::Failed(mismatches) = &outcome
            && shown.len() < 20
        {
            shown.extend(mismatches.iter().take(3).map(|m| format!("{} {} {m}", result["id"], result["version"])));
        }
        tally.count(&outcome);
    }
    assert!(tally.failed == 0, "{} of {family} differ:\n{}", tally.failed, shown.join("\n"));
    assert!(tally.passed > tally.skipped, "{family}: {} passed, {} skipped", tally.passed, tally.skipped);
}

macro_rules! families {
    ($($family:ident)*) => {
        $(
            #[test]
            fn $family() {
                check_family(stringify!($family));
            }
        )*
    };
}

families! { article gates images interpod mixed nodeaffinity ports preempt queue resources spread taints }
