//! `vit mirror index`.

use vit_contract::output::MirrorIndexReport;
use vit_contract::text::visible;

use super::{View, problems};

/// The report as text.
#[must_use]
pub fn index(report: &MirrorIndexReport, view: View) -> String {
    let dim = |text: &str| view.paint.dim(text);
    let mut out = format!("{}\n", view.paint.bold(&visible(&report.details)));
    out.push_str(&format!("{} {}\n", dim("folder:"), visible(&report.folder)));
    out.push_str(&format!(
        "{} {}\n",
        dim("SHA-256 of the index:"),
        visible(&report.sha256)
    ));
    if let Some(repository) = &report.repository {
        out.push_str(&format!(
            "{} {}\n",
            dim("commits from:"),
            visible(repository)
        ));
    }
    if report.withdrawn > 0 {
        out.push_str(&format!("{} {}\n", dim("withdrawn:"), report.withdrawn));
    }
    out.push_str(&problems::problems(&report.problems, view));
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn an_index_that_was_written() {
        assert_snapshot!(index(&samples::mirror_index(), View::default()), @r"
        the index lists 2 releases; 3 files were written
        folder: /srv/www/vit
        SHA-256 of the index: 0000000000000000000000000000000000000000000000000000000000000000
        commits from: core.git
        withdrawn: 1

        1 problem blocks
          v1.1.0: the release is not in the index [metadata_unreadable]
            its metadata was not fetched
            you: `vit why` says more
        ");
    }
}
