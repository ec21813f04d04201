//! `vit why`: one line a release, then what speaks against it.

use vit_contract::output::{WhyRelease, WhyReport, WhyState};
use vit_contract::text::visible;

use super::source::source;
use super::{Coloring, Paint, View, date, names, next, problems};

/// The report as text.
#[must_use]
pub fn why(report: &WhyReport, view: View) -> String {
    let mut out = format!("{}\n", visible(&report.details));
    let mut apart = true;
    for release in &report.releases {
        // Releases about which nothing is to be said stand close together.
        let says = !release.reasons.is_empty();
        if says || apart {
            out.push('\n');
        }
        out.push_str(&one(release, view));
        apart = says;
    }
    out.push_str(&problems::problems(&report.problems, view));
    let channel = super::update::channel(&report.channel);
    let mut line = format!("channel {channel}");
    if let (Some(from), Some(now)) = (&report.source, report.timestamp) {
        line.push_str(&format!("; releases from {}", source(from, now, view)));
    }
    out.push_str(&format!("\n{}\n", view.paint.dim(&line)));
    out.push_str(&next(view, &report.next));
    out
}

fn one(release: &WhyRelease, view: View) -> String {
    let (word, paint): (String, Coloring) = match release.state {
        WhyState::Offered => ("is offered".into(), Paint::green),
        WhyState::Possible => ("is possible; a newer one is offered".into(), Paint::green),
        WhyState::Blocked => ("is blocked".into(), Paint::red),
        WhyState::Hidden => (format!("is on channel {}", release.channel), Paint::dim),
        WhyState::Installed => ("is installed".into(), Paint::green),
        WhyState::Older => ("is older than what is installed".into(), Paint::dim),
    };
    let mut about = release.channel.to_string();
    if let Some(when) = release.release_date {
        about.push_str(&format!(", released {}", date(when)));
    }
    let mut line = format!(
        "{} {}",
        view.paint.bold(&visible(&release.version.to_string())),
        paint(view.paint, &word)
    );
    if !release.through.is_empty() {
        let through: Vec<String> = release.through.iter().map(ToString::to_string).collect();
        line.push_str(&format!(" through {}", names(&through, "")));
    }
    let mut out = format!("{line} ({about})\n");
    for problem in &release.reasons {
        out.push_str(&problems::one(problem, view));
    }
    out
}
