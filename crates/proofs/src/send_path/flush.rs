//! How long the disk takes to make a small write durable.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::figures::ms;

/// How long to measure.
const TIME: Duration = Duration::from_secs(1);

/// Flushes of 8 KiB, one after the other: milliseconds of each.
pub(super) fn measure(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let path = folder.join(format!("discuss-proofs-flush-{}", std::process::id()));
    let measured = flush(&path).with_context(|| format!("flushing {}", path.display()));
    std::fs::remove_file(&path)?;
    measured
}

fn flush(path: &Path) -> anyhow::Result<Vec<f64>> {
    let mut file = File::create(path)?;
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < TIME {
        let before = Instant::now();
        file.write_all(&[0x55; 8_192])?;
        file.sync_data()?;
        times.push(ms(before.elapsed()));
    }
    Ok(times)
}
