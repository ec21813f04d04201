//! Spans of time as people type them: `15m`, `1h30m`, `2d`.

/// The units, the longest first, in seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Why a text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no span of time: write one such as 90s, 15m, 1h30m or 2d", .0.escape_debug())]
pub struct NotASpan(pub String);

/// Reads whole seconds from numbers with `d`, `h`, `m` or `s` behind each, the longer unit first.
///
/// # Errors
/// It is none, or more than a number can hold.
pub fn parse(text: &str) -> Result<u64, NotASpan> {
    let wrong = || NotASpan(text.to_owned());
    let mut units = UNITS.iter();
    let mut seconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
        // Each unit once, in order: `5m1h` is more probably a slip than a wish.
        let (_, length) = units.find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        seconds = number
            .checked_mul(*length)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(wrong)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    if text.is_empty() {
        return Err(wrong());
    }
    Ok(seconds)
}

/// The shortest text that [`parse`] reads as so many seconds.
#[must_use]
pub fn text(seconds: u64) -> String {
    let mut rest = seconds;
    let mut out = String::new();
    for (name, length) in UNITS {
        if rest / length > 0 {
            out.push_str(&format!("{}{name}", rest / length));
            rest %= length;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_stand_once_and_in_order() {
        for (text, seconds) in [
            ("1s", 1),
            ("15m", 900),
            ("1h30m", 5400),
            ("7d", 604_800),
            ("1d2h3m4s", 93_784),
            ("90m", 5400),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
        for text in [
            "",
            "15",
            "m",
            "5m1h",
            "5m5m",
            "1.5h",
            "-1s",
            "1 h",
            "1w",
            "1H",
            "٣s",
            "1hé",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse(text), Err(NotASpan(text.to_owned())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_reads_as_what_it_was_made_of(seconds: u64) {
            prop_assert_eq!(parse(&text(seconds)), Ok(seconds));
        }

        #[test]
        fn never_panics(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
