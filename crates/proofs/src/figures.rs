//! Figures: medians, percentiles, and how they are printed.

use std::fmt::Display;
use std::time::Duration;

/// Prints a figure.
pub(crate) fn print(name: &str, value: impl Display) {
    println!("{name:<58} {value:>14}");
}

/// The value below which `percent` of a hundred lie; zero of nothing.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let place = last.saturating_mul(percent).div_ceil(100);
    sorted.get(place).copied().unwrap_or_default()
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// "median (smallest to largest)".
pub(crate) fn spread(values: &[f64], digits: usize) -> String {
    let (low, high) = (percentile(values, 0), percentile(values, 100));
    format!(
        "{:.digits$} ({low:.digits$} to {high:.digits$})",
        median(values)
    )
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// A number of things, for dividing.
pub(crate) fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values = [3.0, 1.0, 2.0];
        assert_eq!(spread(&values, 0), "2 (1 to 3)");
        assert_eq!(percentile(&values, 95).to_string(), "3");
        assert_eq!(median(&[]).to_string(), "0");
    }
}
