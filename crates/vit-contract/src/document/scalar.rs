//! What a plain YAML scalar is, by the core schema of YAML 1.2.

use super::Value;

/// Resolves a scalar that stands without quotes.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::String {
            text: text.to_owned(),
            plain: true,
        }),
    }
}

fn number(text: &str) -> Option<Value> {
    let radix = |digits: &str, radix| {
        let all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        all.then(|| {
            i64::from_str_radix(digits, radix).map_or(Value::Float(text.to_owned()), Value::Int)
        })
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Some(
            text.parse()
                .map_or_else(|_| Value::Float(text.to_owned()), Value::Int),
        );
    }
    is_float(unsigned, text).then(|| Value::Float(text.to_owned()))
}

/// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with at least one digit before the exponent, `.inf`, `.nan`.
fn is_float(unsigned: &str, text: &str) -> bool {
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_good = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_schema() {
        for text in [
            "1.0", "1.10", "1.", ".5", "1e3", "-1.5E-3", ".inf", "-.inf", ".nan",
        ] {
            assert_eq!(resolve(text), Value::Float(text.to_owned()), "{text}");
        }
        for (text, number) in [
            ("1", 1),
            ("-7", -7),
            ("+7", 7),
            ("0x1F", 31),
            ("0o17", 15),
            ("01", 1),
        ] {
            assert_eq!(resolve(text), Value::Int(number), "{text}");
        }
        for text in [
            "1.0.0",
            "1.x",
            "yes",
            "no",
            "on",
            "e3",
            ".",
            "1e",
            "1.0e",
            "0x",
            "-",
            "+",
            "2026-01-01",
            "nan",
            "-.nan",
        ] {
            assert!(
                matches!(resolve(text), Value::String { plain: true, .. }),
                "{text}"
            );
        }
        let huge = "99999999999999999999";
        assert_eq!(resolve(huge), Value::Float(huge.to_owned()));
    }
}
