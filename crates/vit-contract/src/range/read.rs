//! Reading `min_core_version` and `max_core_version`, which verticals and packages both have.

use super::CoreRange;
use crate::code::Code;
use crate::document::cursor::Fields;
use crate::document::findings::Findings;

/// Reads the range of a section `compatibility`; what cannot be used is a problem.
pub(crate) fn read(section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<CoreRange> {
    let min_field = section.required(findings, "min_core_version");
    let min = min_field.as_ref().and_then(|field| field.version(findings));
    let max = section
        .required(findings, "max_core_version")
        .and_then(|field| field.max_version(findings));
    let range = CoreRange {
        min: min?,
        max: max?,
    };
    if range.is_empty() {
        let problem = findings
            .problem(
                Code::RangeInverted,
                &min_field?,
                "is above `compatibility.max_core_version`: no Core version fits",
            )
            .evidence(format!("min {}, max {}", range.min, range.max));
        findings.push_with_hint(problem, "lower the minimum or raise the maximum");
        return None;
    }
    Some(range)
}
