//! CASES.md 30: whatever stands in a report, what is drawn of it is harmless.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Paint, View, samples};
use crate::error::Failure;
use crate::ui::is_obeyed;

/// Escape sequences, OSC 8 and 52, C1, bidi, a carriage return, a bell, invisible text.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]8;;http://evil\u{7}\u{1b}]52;c;eA==\u{1b}\\\u{9b}31m\
                       \u{202e}b\rc\u{0}\u{7f}\u{200b}\u{e0041}\u{2028}`|<z>";

/// Puts the hostile text wherever the report's type lets it stand.
fn poisoned<T: Serialize + DeserializeOwned>(report: &T) -> T {
    let mut value = serde_json::to_value(report).unwrap();
    let mut places = Vec::new();
    strings(&value, String::new(), &mut places);
    let mut poisoned = 0;
    for place in places {
        let slot = value.pointer_mut(&place).unwrap();
        let before = std::mem::replace(slot, Value::from(HOSTILE));
        if serde_json::from_value::<T>(value.clone()).is_ok() {
            poisoned += 1;
        } else {
            *value.pointer_mut(&place).unwrap() = before;
        }
    }
    assert!(poisoned > 1, "nothing could be poisoned");
    serde_json::from_value(value).unwrap()
}

fn strings(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(place),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, format!("{place}/{index}"), places);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                strings(item, format!("{place}/{name}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Removes what can only colour: our own, for the hostile text has no such sequence in it.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        match end {
            Some(end) if part[end..].starts_with('m') => out.push_str(&part[end + 1..]),
            _ => out.push_str(&format!("\u{1b}[{part}")),
        }
    }
    out
}

/// Draws without and with colour; our own colours are the only sequences that may be there.
fn assert_harmless<T>(report: &T, draw: impl Fn(&T, View) -> String) {
    for color in [false, true] {
        for (width, verbose) in [(None, true), (Some(40), false)] {
            let paint = Paint { color };
            let view = View {
                paint,
                width,
                verbose,
            };
            let drawn = draw(report, view);
            let rest = without_colours(&drawn);
            let bad = |c: &char| *c != '\n' && is_obeyed(*c);
            assert_eq!(rest.chars().find(bad), None, "{}", drawn.escape_debug());
        }
    }
}

#[test]
fn case_30_every_report_is_drawn_harmlessly() {
    assert_harmless(&poisoned(&samples::update()), super::update::update);
    assert_harmless(&poisoned(&samples::release_list()), super::release::list);
    assert_harmless(&poisoned(&samples::release_show()), super::release::show);
    assert_harmless(&poisoned(&samples::explain()), super::explain::story);
    assert_harmless(&poisoned(&samples::explain()), |report, _| {
        super::explain_markdown::story(report)
    });
    assert_harmless(&poisoned(&samples::plan()), super::plan::plan);
    assert_harmless(&poisoned(&samples::blocked_plan()), super::plan::plan);
    for report in [
        samples::applied(),
        samples::rolled_back(),
        samples::inconsistent(),
    ] {
        assert_harmless(&poisoned(&report), super::transaction::transaction);
    }
    assert_harmless(&poisoned(&samples::status()), super::status::status);
    assert_harmless(&poisoned(&samples::history()), super::history::history);
    assert_harmless(
        &poisoned(&samples::snapshots()),
        super::snapshots::snapshots,
    );
    assert_harmless(&poisoned(&samples::checks()), super::checks::checks);
    assert_harmless(&poisoned(&samples::channel()), super::channel::channel);
    assert_harmless(&poisoned(&samples::hold()), super::hold::hold);
    assert_harmless(&poisoned(&samples::mirror_index()), super::mirror::index);
    assert_harmless(&poisoned(&samples::trust()), super::trust::trust);
    assert_harmless(&poisoned(&samples::cache_info()), super::cache::info);
    assert_harmless(&poisoned(&samples::cache_clean()), super::cache::clean);
    assert_harmless(&poisoned(&samples::bundle()), super::bundle::bundle);
    let entry = poisoned(&samples::failed_entry());
    assert_harmless(&entry, |entry, view| {
        super::history::entry(entry, Some(HOSTILE), view)
    });
    assert_harmless(&entry, |entry, _| {
        super::markdown::entry(entry, Some(HOSTILE))
    });
}

#[test]
fn case_30_every_error_is_drawn_harmlessly() {
    let mut failure = Failure::bad_input(HOSTILE).hint(HOSTILE);
    failure.message.push(HOSTILE.to_owned());
    failure.problems = poisoned(&samples::problems());
    assert_harmless(&failure, super::failure::failure);
}
