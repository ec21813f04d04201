//! `vit bundle`: what it is, what it holds, what it needs.

use vit_contract::bundle::BundleManifest;
use vit_contract::output::{BundleReport, BundleStatus};
use vit_contract::text::visible;

use super::{View, bytes, count, names, next, problems, short};

/// How many wheels or commits are named.
const NAMED: usize = 10;

/// The report as text.
#[must_use]
pub fn bundle(report: &BundleReport, view: View) -> String {
    let paint = view.paint;
    let word = match report.status {
        BundleStatus::Created => paint.green("created"),
        BundleStatus::Usable => paint.green("ok"),
        BundleStatus::NotUsableHere => paint.red("not usable here"),
        BundleStatus::Damaged => paint.red("damaged"),
        BundleStatus::Imported => paint.green("imported"),
        BundleStatus::AlreadyImported => paint.green("imported before"),
    };
    let mut out = format!("{} {word}\n", paint.bold(&visible(&report.file)));
    let mut line = |name: &str, text: String| {
        out.push_str(&format!("  {} {text}\n", paint.dim(&format!("{name:<9}"))));
    };
    if let Some(length) = report.bytes {
        line("size", bytes(length));
    }
    if let Some(sha256) = &report.sha256 {
        line("SHA-256", visible(sha256));
    }
    if let Some(manifest) = &report.manifest {
        for (name, text) in held(manifest) {
            line(name, text);
        }
    }
    if !report.missing.is_empty() && report.status == BundleStatus::NotUsableHere {
        line("missing", commits(&report.missing));
    }
    out.push_str(&problems::problems(&report.problems, view));
    if let Some(command) = &report.next {
        out.push_str(&next(view, command));
    }
    out
}

fn held(manifest: &BundleManifest) -> Vec<(&'static str, String)> {
    let versions = |list: Vec<String>| visible(&names(&list, "none"));
    let targets = manifest.targets.iter().map(ToString::to_string).collect();
    let way = manifest
        .releases
        .iter()
        .filter(|release| !manifest.targets.contains(&release.version))
        .map(|release| release.version.to_string())
        .collect();
    let needs = if manifest.base.is_empty() {
        "nothing: it is complete in itself".to_owned()
    } else {
        format!("a repository with {}", commits(&manifest.base))
    };
    let mut wheels: Vec<String> = manifest
        .wheels
        .iter()
        .take(NAMED)
        .map(|wheel| visible(&wheel.name))
        .collect();
    if manifest.wheels.len() > NAMED {
        wheels.push(format!("and {} more", manifest.wheels.len() - NAMED));
    }
    vec![
        ("targets", versions(targets)),
        ("through", versions(way)),
        ("wheels", names(&wheels, "none")),
        ("needs", needs),
        ("made by", visible(&manifest.created_by)),
    ]
}

fn commits(oids: &[String]) -> String {
    let named: Vec<String> = oids.iter().take(NAMED).map(|oid| short(oid)).collect();
    format!("{}: {}", count(oids.len(), "commit"), names(&named, "none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn what_a_bundle_holds_and_needs() {
        let text = bundle(&samples::bundle(), View::default());
        for part in [
            "/media/core.vitbundle not usable here",
            "size      2.0 KiB",
            "targets   1.2.0",
            "through   1.1.0",
            "wheels    alpha-2.0-py3-none-any.whl",
            "needs     a repository with 1 commit: cccccccccc",
            "missing   1 commit: cccccccccc",
            "bundle_base_missing",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
