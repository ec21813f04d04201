//! Where releases came from, and how fresh that is: one line, wherever it stands.

use jiff::Timestamp;
use vit_contract::output::Source;
use vit_contract::text::visible;

use super::{View, count};

/// `git origin, asked 2 min ago`, or which older answer it is and why; as seen at `now`.
#[must_use]
pub fn source(source: &Source, now: Timestamp, view: View) -> String {
    let from = format!("{} {}", visible(&source.kind), visible(&source.location));
    let mut text = if source.stale {
        format!(
            "{from}, kept answer of {}: it could not be asked now",
            kept(source.fetched, now)
        )
    } else if unknown(source.fetched) {
        format!("{from}, asked nobody knows when")
    } else {
        format!("{from}, asked {}", ago(source.fetched, now))
    };
    if source.cached {
        text.push_str(", cached");
    }
    if source.signed {
        text.push_str(", signed");
    }
    if source.ignored_tags > 0 {
        let tags = count(source.ignored_tags, "tag");
        let verb = if source.ignored_tags == 1 {
            "is no release"
        } else {
            "are no releases"
        };
        text.push_str(&format!("; {tags} {verb}"));
    }
    if view.verbose {
        let number = usize::try_from(source.requests).unwrap_or(usize::MAX);
        text.push_str(&format!("; {}", count(number, "request")));
    }
    text
}

/// Whether the answer is one of this very moment.
#[must_use]
pub fn is_fresh(source: &Source, now: Timestamp) -> bool {
    !source.stale && ago(source.fetched, now) == "now"
}

/// How long ago something was: `now`, `2 min ago`, `3 h ago`, `5 days ago`. A clock that went back
/// makes no future of it.
#[must_use]
pub fn ago(when: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(when).as_secs() / 60;
    match minutes {
        ..=0 => "now".to_owned(),
        1..=119 => format!("{minutes} min ago"),
        120..=2879 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / (60 * 24)),
    }
}

/// `14:02Z (3 h ago)`; of another day, with its date.
fn kept(when: Timestamp, now: Timestamp) -> String {
    if unknown(when) {
        return "an unknown time".to_owned();
    }
    let utc = |time: Timestamp| time.to_zoned(jiff::tz::TimeZone::UTC);
    let format = if utc(when).date() == utc(now).date() {
        "%H:%MZ"
    } else {
        "%Y-%m-%d %H:%MZ"
    };
    format!("{} ({})", utc(when).strftime(format), ago(when, now))
}

/// What was fetched by an older `vit` bears no time.
fn unknown(when: Timestamp) -> bool {
    when == Timestamp::UNIX_EPOCH
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    fn shown(seconds: i64, change: impl FnOnce(&mut Source)) -> String {
        let mut told = samples::update().source;
        change(&mut told);
        let now = Timestamp::from_second(told.fetched.as_second() + seconds).unwrap();
        source(&told, now, View::default())
    }

    #[test]
    fn the_age_is_told_in_the_unit_that_fits() {
        let of = |seconds| shown(seconds, |source| source.ignored_tags = 0);
        let all = [-5, 0, 59, 60, 7199, 7200, 172_799, 172_800].map(of);
        assert_snapshot!(all.join("\n"), @"
        git origin, asked now
        git origin, asked now
        git origin, asked now
        git origin, asked 1 min ago
        git origin, asked 119 min ago
        git origin, asked 2 h ago
        git origin, asked 47 h ago
        git origin, asked 2 days ago
        ");
    }

    #[test]
    fn what_kind_of_answer_it_is_is_said() {
        let stale = |source: &mut Source| source.stale = true;
        let all = [
            shown(3 * 3600, stale),
            shown(20 * 3600, stale),
            shown(120, |source| {
                (source.kind, source.location) = ("github".into(), "acme/core".into());
                (source.cached, source.signed, source.ignored_tags) = (true, true, 1);
            }),
            shown(120, |source| source.fetched = Timestamp::UNIX_EPOCH),
        ];
        assert_snapshot!(all.join("\n"), @"
        git origin, kept answer of 08:00Z (3 h ago): it could not be asked now; 12 tags are no releases
        git origin, kept answer of 2026-03-01 08:00Z (20 h ago): it could not be asked now; 12 tags are no releases
        github acme/core, asked 2 min ago, cached, signed; 1 tag is no release
        git origin, asked nobody knows when; 12 tags are no releases
        ");
    }

    #[test]
    fn requests_are_for_who_wants_to_know() {
        let told = samples::update().source;
        let view = View {
            verbose: true,
            ..View::default()
        };
        let shown = source(&told, told.fetched, view);
        assert_snapshot!(shown, @"git origin, asked now; 12 tags are no releases; 0 requests");
        assert!(is_fresh(&told, told.fetched));
    }
}
