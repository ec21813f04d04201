//! The table `[environment]`.

use super::{paths, unknown_keys};
use crate::code::Code;
use crate::document::cursor::Field;
use crate::document::findings::Findings;
use crate::inside::fault;
use crate::settings::EnvironmentSettings;

const KEYS: [&str; 4] = ["manage", "path", "install", "timeout"];
/// The longest that an installation may be allowed to take: a day, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

/// Reads it; what cannot be used is a problem and keeps its default.
pub(super) fn read(field: &Field<'_>, findings: &mut Findings<'_>) -> EnvironmentSettings {
    let mut settings = EnvironmentSettings::default();
    let Some(section) = field.fields(findings) else {
        return settings;
    };
    unknown_keys(&section, &KEYS, findings);
    if let Some(field) = section.optional("manage") {
        settings.manage = field.boolean(findings).unwrap_or(settings.manage);
    }
    if let Some(field) = section.optional("path") {
        settings.path = field
            .string(findings)
            .filter(|text| is_folder(text, &field, findings))
            .map(|text| text.trim_end_matches('/').to_owned());
    }
    if let Some(field) = section.optional("install") {
        settings.install = paths(&field, false, findings);
    }
    let timeout = section
        .optional("timeout")
        .and_then(|field| field.integer(findings, Code::BadValue, 1..=LONGEST))
        .and_then(|seconds| u32::try_from(seconds).ok());
    settings.timeout = timeout.unwrap_or(settings.timeout);
    settings
}

/// An absolute folder, or one inside the installation.
fn is_folder(text: &str, field: &Field<'_>, findings: &mut Findings<'_>) -> bool {
    let inside = text.trim_end_matches('/');
    let message = if let Some(absolute) = inside.strip_prefix('/') {
        match fault(absolute, false) {
            // The root of the file system, or parts that nobody means.
            Some(message) => message,
            None => return true,
        }
    } else {
        match fault(inside, false) {
            Some(message) => message,
            None => return true,
        }
    };
    let problem = findings.problem(Code::BadValue, field, message);
    findings.push_with_hint(
        problem,
        "name the environment's folder, absolute or relative to the git root",
    );
    false
}
