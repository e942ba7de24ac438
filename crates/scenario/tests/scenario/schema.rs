//! The published schema is that of the code, and it accepts the published scenario's keys.

use std::path::Path;

#[test]
fn the_schema_in_the_repository_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/scenario.schema.json");
    let fresh = serde_json::to_string_pretty(&sim_scenario::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == fresh, "{} is stale: UPDATE=1 cargo test -p sim-scenario", path.display());
}
