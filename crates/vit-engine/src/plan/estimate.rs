//! How long an upgrade will take: from this installation's own upgrades, else a guess that says
//! it is one.

use vit_contract::plan::{DurationEstimate, EstimateBasis, SmokeTest};

/// What a smoke test is guessed to take where nothing was measured, in seconds.
const GUESSED_SMOKE_SECONDS: f64 = 30.0;
/// How many files a switch writes in a second, cautiously.
const FILES_A_SECOND: f64 = 2_000.0;

/// The median of `durations` (seconds), or a guess.
#[must_use]
pub fn duration(durations: &[f64], files: usize, tests: &[SmokeTest]) -> DurationEstimate {
    let mut known: Vec<f64> = durations
        .iter()
        .copied()
        .filter(|s| s.is_finite())
        .collect();
    known.sort_by(f64::total_cmp);
    if let Some(median) = known.get(known.len() / 2) {
        return DurationEstimate {
            seconds: *median,
            basis: EstimateBasis::History,
        };
    }
    let smoke: f64 = tests
        .iter()
        .map(|t| f64::from(t.timeout_seconds).min(GUESSED_SMOKE_SECONDS))
        .sum();
    let files = f64::from(u32::try_from(files).unwrap_or(u32::MAX));
    let seconds = (1.0 + files / FILES_A_SECOND + smoke).round();
    DurationEstimate {
        seconds,
        basis: EstimateBasis::Estimate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_what_was_measured_counts() {
        let estimate = duration(&[9.0, 1.0, 2.0], 0, &[]);
        assert_eq!(
            (estimate.seconds, estimate.basis),
            (2.0, EstimateBasis::History)
        );
        assert_eq!(duration(&[], 4_000, &[]).basis, EstimateBasis::Estimate);
        assert!((duration(&[], 4_000, &[]).seconds - 3.0).abs() < 1e-9);
    }
}
