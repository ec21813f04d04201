//! The `notifications` section: how a team hears of releases, and never a secret.

use std::collections::BTreeMap;

use super::{Notifications, a_day};
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::Findings;
use crate::document::{Value, has_credentials, is_secret_key};

/// Where a notification can go.
const CHANNELS: [(&str, &str); 4] = [
    ("log", "log"),
    ("desktop", "desktop"),
    ("webhook", "webhook"),
    ("email", "email"),
];
/// The longest check interval: a year, in hours.
const LONGEST_INTERVAL: i64 = 24 * 366;

/// Reads the section. What it cannot use is reported and left out.
pub(super) fn notifications(section: &Fields<'_>, findings: &mut Findings<'_>) -> Notifications {
    secrets(section, findings);
    let mut flag = |key: &str, default: bool| {
        section
            .optional(key)
            .and_then(|field| field.boolean(findings))
            .unwrap_or(default)
    };
    let (enabled, check_on_startup) = (flag("enabled", true), flag("check_on_startup", true));
    let only_notify_critical = flag("only_notify_critical", false);
    let interval = section
        .optional("check_interval_hours")
        .and_then(|field| field.integer(findings, Code::BadValue, 1..=LONGEST_INTERVAL))
        .and_then(|hours| u32::try_from(hours).ok());
    let channels = section
        .optional("channels")
        .and_then(|field| field.items(findings))
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.word(findings, &CHANNELS).map(str::to_owned))
        .collect();
    Notifications {
        enabled,
        channels,
        check_on_startup,
        check_interval_hours: interval.unwrap_or_else(a_day),
        only_notify_critical,
        delivery: delivery(section, findings),
    }
}

/// Settings of webhook, e-mail and desktop; what else stands here is ignored.
fn delivery(section: &Fields<'_>, findings: &mut Findings<'_>) -> BTreeMap<String, String> {
    let mut delivery = BTreeMap::new();
    for key in [
        "desktop_urgency",
        "webhook_url",
        "webhook_format",
        "email_to",
        "email_from",
        "smtp_host",
        "smtp_username",
    ] {
        let Some(field) = section.optional(key) else {
            continue;
        };
        if let Some(text) = field.string(findings) {
            delivery.insert(key.to_owned(), text.to_owned());
        }
    }
    if let Some(port) = section
        .optional("smtp_port")
        .and_then(|field| port(&field, findings))
    {
        delivery.insert("smtp_port".to_owned(), port);
    }
    if let Some(field) = section.optional("webhook_format") {
        field.word(findings, &[("slack", ()), ("generic", ())]);
    }
    delivery
}

/// A port, as a number or as its text.
fn port(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    if let Value::String { text, .. } = &field.node.value
        && text.parse::<u16>().is_ok_and(|port| port > 0)
    {
        return Some(text.clone());
    }
    field
        .integer(findings, Code::BadValue, 1..=65535)
        .map(|port| port.to_string())
}

/// Reports every secret, at any depth, and keeps its text out of every message and place.
fn secrets(section: &Fields<'_>, findings: &mut Findings<'_>) {
    for (key, field) in section.all() {
        let holds_value = match &field.node.value {
            Value::Null | Value::Unusable | Value::Bool(_) => false,
            Value::String { text, .. } => !text.is_empty(),
            _ => true,
        };
        if is_secret_key(&key) && holds_value {
            report(
                &field,
                findings,
                "holds a secret, and the manifest is public",
            );
        } else if let Value::String { text, .. } = &field.node.value
            && has_credentials(text)
        {
            report(
                &field,
                findings,
                "carries a user or password inside its URL",
            );
        } else if let Value::Map(pairs) = &field.node.value
            && !pairs.is_empty()
            && let Some(inner) = field.fields(findings)
        {
            // The tree's depth is bounded (document::MAX_DEPTH).
            secrets(&inner, findings);
        }
    }
}

fn report(field: &Field<'_>, findings: &mut Findings<'_>, message: &str) {
    findings.hide(field);
    let problem = findings.problem(Code::SecretInManifest, field, message);
    findings.push_with_hint(
        problem,
        "remove it, change it at its source, and set `VIT_SMTP_PASSWORD` in the environment",
    );
}
