//! The table `[trust]`.

use super::unknown_keys;
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::Findings;
use crate::inside::fault;
use crate::settings::TrustSettings;

const KEYS: [&str; 3] = ["require_signed_tags", "allowed_signers", "gpg_home"];

/// Reads it; what cannot be used is a problem and keeps its default.
pub(super) fn read(field: &Field<'_>, findings: &mut Findings<'_>) -> TrustSettings {
    let mut settings = TrustSettings::default();
    let Some(section) = field.fields(findings) else {
        return settings;
    };
    unknown_keys(&section, &KEYS, findings);
    if let Some(field) = section.optional("require_signed_tags") {
        settings.require_signed_tags = field.boolean(findings).unwrap_or_default();
    }
    settings.allowed_signers = path(&section, "allowed_signers", findings);
    settings.gpg_home = path(&section, "gpg_home", findings);
    let nobody = settings.allowed_signers.is_none() && settings.gpg_home.is_none();
    if let Some(field) = section.optional("require_signed_tags")
        && settings.require_signed_tags
        && nobody
    {
        let problem = findings.problem(
            Code::BadValue,
            &field,
            "signed tags are required, and nobody is named whose signature counts",
        );
        findings.push_with_hint(problem, "name `allowed_signers` (ssh keys) or `gpg_home`");
    }
    settings
}

/// An absolute path, or one inside the installation.
fn path(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let field = section.optional(key)?;
    let text = field.string(findings)?;
    let Some(message) = fault(text.strip_prefix('/').unwrap_or(text), false) else {
        return Some(text.to_owned());
    };
    let problem = findings.problem(Code::BadValue, &field, message);
    findings.push_with_hint(problem, "name a path, absolute or relative to the git root");
    None
}
