//! The JUnit report of `sim test`: a suite for each file, a case for each expectation.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report;
use crate::test::{Tested, Verdict, failures};

/// The report as XML.
pub(crate) fn report(tested: &[&Tested]) -> Result<String, String> {
    let mut report = Report::new("sim test");
    for tested in tested {
        report.add_test_suite(suite(tested));
    }
    report.to_string().map_err(|error| error.to_string())
}

fn suite(tested: &Tested) -> TestSuite {
    let mut suite = TestSuite::new(tested.path.clone());
    suite.set_time(tested.took);
    for outcome in &tested.expectations {
        let status = if outcome.holds {
            TestCaseStatus::success()
        } else {
            failure(NonSuccessKind::Failure, outcome.found.as_deref().unwrap_or_default(), &report::unmet(outcome))
        };
        suite.add_test_case(case(tested, &outcome.name, status));
    }
    for step in &tested.refused {
        let status = failure(NonSuccessKind::Failure, &step.message, &report::refused(std::slice::from_ref(step)));
        suite.add_test_case(case(tested, &format!("step at {}: {}", step.at, step.step), status));
    }
    // What no expectation and no step stands for.
    if tested.verdict == Verdict::Unusable || suite.test_cases.is_empty() {
        let status = match tested.verdict {
            Verdict::Passed => TestCaseStatus::success(),
            _ => failure(NonSuccessKind::Error, "the Scenario could not be run to its end", &failures(tested)),
        };
        suite.add_test_case(case(tested, "run", status));
    }
    suite
}

fn case(tested: &Tested, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name.to_owned(), status);
    case.set_classname(if tested.name.is_empty() { tested.path.clone() } else { tested.name.clone() });
    case
}

fn failure(kind: NonSuccessKind, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message.to_owned()).set_description(anstream::adapter::strip_str(description).to_string());
    status
}
