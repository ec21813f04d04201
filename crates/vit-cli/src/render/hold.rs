//! `vit hold` and `vit unhold`.

use vit_contract::output::HoldReport;
use vit_contract::text::visible;

use super::{View, names};

/// The report as text.
#[must_use]
pub fn hold(report: &HoldReport, view: View) -> String {
    let held = names(&report.holds, "nothing");
    format!(
        "{}\n{} {held}\n",
        visible(&report.details),
        view.paint.dim("held:")
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn what_is_held() {
        assert_snapshot!(hold(&samples::hold(), View::default()), @"
        1.2.0 is held
        held: 1.2.0, all
        ");
    }
}
