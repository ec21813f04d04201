//! `vit channel`.

use vit_contract::output::ChannelReport;
use vit_contract::text::visible;

use super::{View, update};

/// The report as text.
#[must_use]
pub fn channel(report: &ChannelReport, view: View) -> String {
    let mut out = format!("{}\n", view.paint.bold(&update::channel(&report.channel)));
    // Without a change the details say the same in other words.
    if let Some(previous) = &report.previous {
        out.push_str(&format!("before: {}\n", update::channel(previous)));
        for line in report.details.lines() {
            out.push_str(&format!("{}\n", visible(line)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn a_change() {
        assert_snapshot!(channel(&samples::channel(), View::default()), @"
        beta (set by vit channel)
        before: stable (set by manifest of finance)
        beta releases are offered from now on
        ");
    }
}
