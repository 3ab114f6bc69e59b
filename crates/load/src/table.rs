//! A report as a table for people; its last line is the verdict.

use std::fmt::{self, Display, Formatter};

use crate::bare::Bare;
use crate::latency::Summary;
use crate::probes::{Flush, Probes, Surroundings};
use crate::processes::Usage;
use crate::report::{LATEST_MS, Outcome, Report};

impl Report {
    /// The run in one line.
    pub(crate) fn verdict(&self) -> String {
        let faults = &self.judgement.faults;
        let figures = format!(
            "{} lost, {} doubled, {} out of order, {} altered; p95 {:.1} ms; {:.0} sends/s, {:.0} deliveries/s",
            faults.lost,
            faults.doubled,
            faults.out_of_order,
            faults.altered,
            self.latencies.delivery.p95,
            self.volume.sends_per_second,
            self.volume.deliveries_per_second,
        );
        let extra = if self.broken_claims.is_empty() {
            String::new()
        } else {
            format!("; {}", self.broken_claims.join("; "))
        };
        match self.outcome() {
            Outcome::Held if self.is_late() => {
                format!(
                    "HELD: {figures}; this program itself was late, so its latencies mean nothing"
                )
            }
            Outcome::Held => format!("HELD: {figures}"),
            Outcome::Failed => format!(
                "FAILED: {figures}; {} stray, {} wrong answers{extra}",
                faults.stray, faults.wrong_answers
            ),
            Outcome::Invalid => format!(
                "INVALID: this program itself was {:.1} ms late at p99 (at most {LATEST_MS}); {figures}",
                self.own.lateness.p99
            ),
        }
    }

    fn write_volume(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (volume, judged) = (&self.volume, &self.judgement);
        let channels = format!(
            "{} channels, mean fan-out {:.1}",
            volume.channels, volume.mean_fan_out
        );
        row(
            f,
            "connections",
            format!("{}, {channels}", volume.connections),
        )?;
        let messages = format!(
            "{} sent, {} acknowledged, {} in the history ({} of them never acknowledged)",
            judged.sent, judged.acked, judged.stored, judged.stored_unacknowledged
        );
        row(f, "messages", messages)?;
        row(
            f,
            "sends",
            format!(
                "{:.0}/s over {:.1} s",
                volume.sends_per_second, volume.sending_seconds
            ),
        )?;
        row(
            f,
            "deliveries",
            format!(
                "{}, {:.0}/s",
                volume.deliveries, volume.deliveries_per_second
            ),
        )?;
        self.write_mishaps(f)
    }

    fn write_mishaps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let volume = &self.volume;
        let mishaps = format!(
            "{} sends tried again, {} given up, {} sockets came back, {} gaps reloaded, {} repeats by rewinding",
            volume.retries, volume.given_up, volume.reconnects, volume.gaps, volume.repeated
        );
        row(f, "mishaps", mishaps)?;
        if volume.conflicts > 0 {
            row(
                f,
                "conflicts",
                format!("{} refused as they must be", volume.conflicts),
            )?;
        }
        Ok(())
    }

    fn write_latencies(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let latencies = &self.latencies;
        row(f, "delivery", latencies.delivery)?;
        row(f, "ack", latencies.ack)?;
        if latencies.replay.count + latencies.back.count > 0 {
            row(f, "replayed", latencies.replay)?;
            row(f, "back after a cut", latencies.back)?;
        }
        if latencies.revoked.count > 0 {
            row(f, "removed, the last shown", latencies.revoked)?;
        }
        row(f, "own lateness", self.own.lateness)
    }

    fn write_surroundings(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for usage in &self.processes {
            row(f, &usage.name, usage)?;
        }
        let around = &self.surroundings;
        let session = around.session_nice.as_deref().unwrap_or("no session group");
        let nice = around.nice.unwrap_or(0);
        row(
            f,
            "own CPU",
            format!("{:.2} s, nice {nice} ({session})", self.own.cpu_seconds),
        )?;
        if let Some(Probes { flush, bare }) = &self.probes {
            row(f, "flush probe", flush)?;
            row(f, "bare probe", bare)?;
        }
        row(f, "run", format!("{around}, tenant {}", self.tenant))
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.command)?;
        for remark in &self.remarks {
            row(f, "plan", remark)?;
        }
        self.write_volume(f)?;
        self.write_latencies(f)?;
        self.write_surroundings(f)?;
        for told in &self.judgement.faults.told {
            row(f, "fault", format!("{:?}: {}", told.kind, told.words))?;
        }
        write!(f, "{}", self.verdict())
    }
}

impl Display for Usage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (now, most) = (mib(self.rss_kib), mib(self.peak_rss_kib));
        write!(
            f,
            "CPU {:.2} s, memory {now:.1} MiB, at most {most:.1} ({} processes)",
            self.cpu_seconds, self.processes
        )
    }
}

impl Display for Flush {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0}/s in {}, {}",
            self.per_second,
            self.folder.display(),
            self.latency
        )
    }
}

impl Display for Bare {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cost = self.cpu_micros_per_delivery;
        write!(
            f,
            "{:.0} deliveries/s, {}, {cost:.1} µs CPU each",
            self.deliveries_per_second, self.latency
        )
    }
}

impl Display for Surroundings {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (soft, hard) = self.open_files.unwrap_or_default();
        let build = if self.optimised { "release" } else { "DEBUG" };
        let commit = self.commit.as_deref().unwrap_or("unknown");
        write!(
            f,
            "{build} build, commit {commit}, {} processors, open files {soft}/{hard}",
            self.processors
        )
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1} ms",
            self.p50, self.p95, self.p99, self.max
        )
    }
}

fn row(f: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "  {name:<17} {value}")
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}
