//! Reads and judges N manifests against one release, for growing N: prints seconds and the ratio
//! to the smallest N, so that linear growth shows. Run: `cargo bench -p vit-engine --bench judge`.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::Instant;

use vit_contract::channel::Channel;
use vit_contract::release::{self, Release};
use vit_engine::compat::{self, Case};
use vit_engine::contracts;
use vit_engine::facts::verticals;

const METADATA: &str = r#"{"version": "1.4.0", "release_date": "2026-02-19T16:45:00Z",
 "channel": "stable", "contracts_version": "1.2.0",
 "changes": {"breaking": [{"id": "rename-quote", "text": "quote is renamed"}],
 "features": ["one", "two"], "fixes": [], "deprecated": []},
 "migration_guide_url": "https://example.org/migrate"}"#;

fn manifest(n: usize) -> (String, Vec<u8>) {
    let text = format!(
        "domain_name: vertical-{n}\ndomain_version: \"0.{}.0\"\nstatus: active\ncompatibility:\n  \
         min_core_version: \"1.{}.0\"\n  max_core_version: \"1.x.x\"\n  contracts_major: 1\n  \
         update_channel: stable\n  breaking_changes_allowlist: [rename-quote]\n  \
         smoke_tests_timeout: 180\nownership:\n  team: team-{n}\n  tech_lead: somebody\n  \
         contact: team-{n}@example.org\ncontracts_used:\n  - contracts.GraphPlugin\n  \
         - contracts.BaseParser\n",
        n % 7,
        n % 6,
    );
    (
        format!("domains/v{n}/vertical_manifest.yaml"),
        text.into_bytes(),
    )
}

fn main() {
    let version = semver::Version::new(1, 4, 0);
    let reading = release::read("release_metadata.json", METADATA.as_bytes(), &version);
    let target = Release {
        version,
        tag: "v1.4.0".into(),
        commit: Some("0".repeat(40)),
        tree: None,
        metadata: reading.value,
        metadata_sha256: None,
        unread: false,
        problems: reading.problems,
    };
    let source = b"class GraphPlugin: pass\nclass BaseParser: pass\n".to_vec();
    let exports = contracts::read(
        "contracts",
        &BTreeMap::from([("__init__.py".into(), source)]),
    );
    let removed = BTreeSet::new();
    let way = [&target];
    let case = Case {
        target: &target,
        way: &way,
        exports: &exports,
        channel: Channel::Stable,
        explicit: false,
        today: jiff::civil::date(2026, 11, 23),
        installed: None,
        removed: &removed,
    };
    let mut first = None;
    for count in [1_000, 2_500, 5_000, 10_000] {
        let manifests: Vec<(String, Vec<u8>)> = (0..count).map(manifest).collect();
        let best = (0..5)
            .map(|_| {
                let started = Instant::now();
                let read = verticals::read_all(manifests.clone());
                let verdict = compat::judge(&case, &read);
                assert_eq!(verdict.verticals.len(), count);
                black_box(verdict);
                started.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min);
        let per_manifest = best / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let base = *first.get_or_insert(per_manifest);
        println!(
            "{count:>6} manifests: {best:.3} s, {:.1} µs each, {:.2} x the first",
            per_manifest * 1e6,
            per_manifest / base
        );
    }
}
