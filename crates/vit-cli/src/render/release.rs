//! `vit release list`, `vit release show`: what is known of releases.

use vit_contract::code::Code;
use vit_contract::output::{
    ChecksumState, Judged, ListedRelease, ReleaseListReport, ReleaseShowReport, ReleaseState,
};
use vit_contract::release::{Change, ReleaseMetadata};
use vit_contract::text::visible;

use super::source::source;
use super::table::{Cell, Table};
use super::update::{answer_cell, channel};
use super::{Coloring, Paint, View, count, date, names, next, problems};

/// A list as text.
#[must_use]
pub fn list(report: &ReleaseListReport, view: View) -> String {
    let mut out = String::new();
    if report.releases.is_empty() {
        out.push_str("no release is shown on this channel\n");
    } else {
        let heading = ["version", "channel", "released", "supported until", "here"];
        let mut table = Table::new(&heading);
        for release in &report.releases {
            table.row(row(release));
        }
        out.push_str(&table.draw(view));
    }
    if report.more > 0 {
        let more = count(report.more, "older release");
        let line = format!("{more} not listed: `--limit 0` lists all");
        out.push_str(&format!("{}\n", view.paint.dim(&line)));
    }
    let by_metadata = |release: &ListedRelease| release.judged == Some(Judged::Metadata);
    if report.releases.iter().any(by_metadata) {
        let line = "* not fetched: judged by its metadata alone";
        out.push_str(&format!("{}\n", view.paint.dim(line)));
    }
    out.push_str(&problems::problems(&report.problems, view));
    let shown = if report.all_channels {
        "every channel; in force is "
    } else {
        ""
    };
    let line = format!(
        "{shown}channel {}; releases from {}",
        channel(&report.channel),
        source(&report.source, report.timestamp, view)
    );
    out.push_str(&format!("\n{}\n", view.paint.dim(&line)));
    out
}

fn row(release: &ListedRelease) -> Vec<Cell> {
    let (word, paint) = state(release.state);
    let mut here = word.to_owned();
    if release.judged == Some(Judged::Metadata) {
        here.push('*');
    }
    if !release.through.is_empty() {
        let through: Vec<String> = release.through.iter().map(ToString::to_string).collect();
        here.push_str(&format!(" through {}", names(&through, "")));
    }
    if let Some(code) = release.reason {
        here.push_str(&format!(" [{code}]"));
    }
    let lts = if release.lts && release.channel.as_str() != "lts" {
        ", lts"
    } else {
        ""
    };
    vec![
        Cell::new(release.version.to_string()),
        Cell::new(format!("{}{lts}", release.channel)),
        Cell::new(release.release_date.map_or_else(|| "-".to_owned(), date)),
        Cell::new(
            release
                .support_until
                .map_or_else(|| "-".to_owned(), |day| day.to_string()),
        ),
        Cell::new(here).paint(paint),
    ]
}

fn state(state: ReleaseState) -> (&'static str, Coloring) {
    match state {
        ReleaseState::Offered => ("offered", Paint::green),
        ReleaseState::Compatible => ("compatible", Paint::green),
        ReleaseState::CompatibleWithWarnings => ("compatible, with warnings", Paint::yellow),
        ReleaseState::Blocked => ("blocked", Paint::red),
        ReleaseState::Hidden => ("on another channel", Paint::dim),
        ReleaseState::Installed => ("installed", Paint::bold),
        ReleaseState::Older => ("older", Paint::dim),
    }
}

/// One release as text.
#[must_use]
pub fn show(report: &ReleaseShowReport, view: View) -> String {
    let mut out = headline(report, view);
    out.push_str(&facts(report, view));
    match &report.metadata {
        Some(metadata) => out.push_str(&changes(metadata, view)),
        None => out.push_str("\nwhat it changes is not known\n"),
    }
    out.push_str(&verticals(report, view));
    out.push_str(&problems::problems(
        report.verdict.problems().chain(&report.problems),
        view,
    ));
    let line = format!(
        "channel in force {}; release from {}",
        channel(&report.channel_in_force),
        source(&report.source, report.timestamp, view)
    );
    out.push_str(&format!("\n{}\n", view.paint.dim(&line)));
    out.push_str(&next(view, &report.next));
    out
}

fn headline(report: &ReleaseShowReport, view: View) -> String {
    let (word, paint) = state(report.state);
    let mut about = report.channel.to_string();
    if report.lts && report.channel.as_str() != "lts" {
        about.push_str(", lts");
    }
    let when = report.metadata.as_ref().and_then(|m| m.release_date);
    if let Some(when) = when {
        about.push_str(&format!(", released {}", date(when)));
    }
    let mut line = format!(
        "{} {}",
        view.paint.bold(&visible(&report.version.to_string())),
        paint(view.paint, word)
    );
    if !report.through.is_empty() {
        let through: Vec<String> = report.through.iter().map(ToString::to_string).collect();
        line.push_str(&format!(" through {}", names(&through, "")));
    }
    let mut out = format!("{line} ({about})\n");
    if report.judged == Judged::Metadata {
        let line = "not fetched: judged by its metadata alone";
        out.push_str(&format!("  {}\n", view.paint.yellow(line)));
    }
    out
}

fn facts(report: &ReleaseShowReport, view: View) -> String {
    let mut table = Table::bare(2);
    let mut add = |name: &str, cell: Cell| {
        table.row(vec![Cell::new(name).paint(Paint::dim), cell]);
    };
    let unknown = "not known here";
    add("tag", Cell::new(&report.tag));
    add(
        "commit",
        Cell::new(report.commit.as_deref().unwrap_or(unknown)),
    );
    add("tree", Cell::new(report.tree.as_deref().unwrap_or(unknown)));
    add("checksum", checksum(report.checksum));
    if let Some(sha256) = &report.metadata_sha256 {
        add("metadata", Cell::new(format!("sha256 {sha256}")));
    }
    if let Some(metadata) = &report.metadata {
        told(metadata, &mut add);
    }
    table.draw(View {
        width: None,
        ..view
    })
}

/// What the metadata says beside the changes.
fn told(metadata: &ReleaseMetadata, add: &mut dyn FnMut(&str, Cell)) {
    if let Some(version) = &metadata.contracts_version {
        add("contracts", Cell::new(version.to_string()));
    }
    if let Some(version) = &metadata.requires_from {
        add("requires", Cell::new(format!("Core {version} or newer")));
    }
    for (name, version) in &metadata.minimum_vertical_version {
        let text = format!("{} {version} or newer", name.as_str());
        add("needs", Cell::new(text));
    }
    if let Some(capabilities) = &metadata.capabilities {
        add("offers", Cell::new(names(capabilities, "no capability")));
    }
    if !metadata.removed_capabilities.is_empty() {
        let removed = names(&metadata.removed_capabilities, "");
        add("removes", Cell::new(removed).paint(Paint::yellow));
    }
    if let Some(day) = metadata.support_until {
        add("supported", Cell::new(format!("until {day}")));
    }
    if let Some(url) = &metadata.migration_guide_url {
        add("migration", Cell::new(url));
    }
}

fn checksum(state: ChecksumState) -> Cell {
    match state {
        ChecksumState::Verified => {
            Cell::new("verified: the commit that the metadata names").paint(Paint::green)
        }
        ChecksumState::Mismatch => {
            Cell::new("another commit than the metadata names").paint(Paint::red)
        }
        ChecksumState::Unverifiable => {
            Cell::new("of a kind that cannot be compared").paint(Paint::yellow)
        }
        ChecksumState::NotCompared => {
            Cell::new("not compared: the commit is not known here").paint(Paint::yellow)
        }
        ChecksumState::None => Cell::new("the metadata names none").paint(Paint::dim),
    }
}

fn changes(metadata: &ReleaseMetadata, view: View) -> String {
    let changes = &metadata.changes;
    let groups: [(&str, Coloring, &[Change]); 5] = [
        ("breaking", Paint::red, &changes.breaking),
        ("deprecated", Paint::yellow, &changes.deprecated),
        ("features", Paint::green, &changes.features),
        ("fixes", Paint::green, &changes.fixes),
        ("documentation", Paint::dim, &changes.documentation),
    ];
    let mut out = String::new();
    for (name, paint, list) in groups {
        if list.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{}\n", paint(view.paint, name)));
        for change in list {
            out.push_str(&format!("  - {}\n", one(change)));
        }
    }
    if out.is_empty() {
        out.push_str("\nit names no change\n");
    }
    out
}

fn one(change: &Change) -> String {
    let mut text = visible(&change.text);
    let mut add = |what: &str, value: &Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!(" ({what} {})", visible(value)));
        }
    };
    add("id", &change.id);
    add("since", &change.since);
    add("removed in", &change.removal);
    text
}

fn verticals(report: &ReleaseShowReport, view: View) -> String {
    if report.verdict.verticals.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["vertical", "status", "answer", "why"]).indent(2);
    for vertical in &report.verdict.verticals {
        let codes = vertical.problems.iter().map(|p| p.code);
        let codes: Vec<&str> = codes.map(Code::as_str).collect();
        table.row(vec![
            Cell::new(&vertical.vertical),
            Cell::new(vertical.status.map_or("-", |status| status.as_str())),
            answer_cell(vertical.answer),
            Cell::new(codes.join(", ")),
        ]);
    }
    format!("\n{}", table.draw(view))
}

#[cfg(test)]
mod tests;
