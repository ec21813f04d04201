//! The JSON Schemas and the table of problem codes that stand under `docs/`.
//!
//! A test compares the files with what is made here; `UPDATE_SCHEMAS=1` writes them anew.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::bundle::BundleManifest;
use crate::code::Code;
use crate::history::History;
use crate::index::Index;
use crate::output::{
    BisectReport, BundleReport, CacheCleanReport, CacheInfoReport, ChannelReport, CheckReport,
    DemoReport, ErrorReport, EvidenceIndex, ExplainReport, HistoryReport, HoldReport,
    LedgerAcceptReport, LedgerReport, MirrorIndexReport, ReleaseListReport, ReleaseShowReport,
    SnapshotReport, StatusReport, TransactionReport, TrustReport, UpdateReport, WhyReport,
};
use crate::package::PackageManifest;
use crate::package::index::PackageIndex;
use crate::package::installed::InstalledPackages;
use crate::plan::Plan;
use crate::release::ReleaseMetadata;
use crate::settings::Settings;
use crate::vertical::VerticalManifest;

/// Every schema by the name of its file (`<name>.schema.json`): what commands print, then the
/// files in their canonical form.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("vit.update", printed::<UpdateReport>()),
        ("vit.why", printed::<WhyReport>()),
        ("vit.release-list", printed::<ReleaseListReport>()),
        ("vit.release-show", printed::<ReleaseShowReport>()),
        ("vit.plan", printed::<Plan>()),
        ("vit.upgrade", printed::<TransactionReport>()),
        ("vit.rollback", printed::<TransactionReport>()),
        ("vit.recover", printed::<TransactionReport>()),
        ("vit.repair", printed::<TransactionReport>()),
        ("vit.confirm", printed::<TransactionReport>()),
        ("vit.bisect", printed::<BisectReport>()),
        ("vit.status", printed::<StatusReport>()),
        ("vit.channel", printed::<ChannelReport>()),
        ("vit.hold", printed::<HoldReport>()),
        ("vit.ledger", printed::<LedgerReport>()),
        ("vit.ledger-accept", printed::<LedgerAcceptReport>()),
        ("vit.history", printed::<HistoryReport>()),
        ("vit.snapshots", printed::<SnapshotReport>()),
        ("vit.verify", printed::<CheckReport>()),
        ("vit.history-verify", printed::<CheckReport>()),
        ("vit.doctor", printed::<CheckReport>()),
        ("vit.cache-info", printed::<CacheInfoReport>()),
        ("vit.cache-clean", printed::<CacheCleanReport>()),
        ("vit.demo", printed::<DemoReport>()),
        ("vit.explain", printed::<ExplainReport>()),
        ("vit.evidence", printed::<EvidenceIndex>()),
        ("vit.mirror-index", printed::<MirrorIndexReport>()),
        ("vit.trust-init", printed::<TrustReport>()),
        ("vit.trust-show", printed::<TrustReport>()),
        ("vit.trust-remove", printed::<TrustReport>()),
        ("vit.bundle-create", printed::<BundleReport>()),
        ("vit.bundle-verify", printed::<BundleReport>()),
        ("vit.bundle-import", printed::<BundleReport>()),
        ("vit.error", printed::<ErrorReport>()),
        ("vit.bundle", read::<BundleManifest>()),
        ("vertical_manifest", read::<VerticalManifest>()),
        ("release_metadata", read::<ReleaseMetadata>()),
        ("upgrade_history", read::<History>()),
        ("index", read::<Index>()),
        ("settings", read::<Settings>()),
        ("package", read::<PackageManifest>()),
        ("package_index", read::<PackageIndex>()),
        ("installed_packages", read::<InstalledPackages>()),
    ]
}

/// The table of problem codes, as Markdown.
#[must_use]
pub fn problem_codes() -> String {
    let mut out = String::from(
        "# Problem codes\n\n\
         Every problem that `vit` reports has one of these codes. A code never changes its \
         meaning.\nThe severity is the default; a rule may lower it (a deprecated vertical's \
         problems only warn).\n\n\
         | code | severity | meaning |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let (name, severity) = (code.as_str(), code.severity().as_str());
        let meaning = code.meaning().replace('|', "\\|");
        writeln!(out, "| `{name}` | {severity} | {meaning} |").expect("a String takes every write");
    }
    out
}

/// What `vit` writes: a field that is always written is required.
fn printed<T: JsonSchema>() -> Schema {
    SchemaSettings::default()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
}

/// What people and other programs write: a field with a default is optional.
fn read<T: JsonSchema>() -> Schema {
    SchemaSettings::default()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<T>()
}
