//! What CPU processes of this machine have used.

use std::time::Duration;

use procfs::process::Process;

/// CPU that these processes have used so far, all together.
pub(super) fn used(pids: &[i32]) -> anyhow::Result<Duration> {
    let mut ticks = 0;
    for pid in pids {
        let stat = Process::new(*pid)?.stat()?;
        ticks += stat.utime + stat.stime;
    }
    let a_second = procfs::ticks_per_second();
    Ok(Duration::from_millis(
        ticks.saturating_mul(1_000) / a_second,
    ))
}
