//! A report as a table for people; its last line is the verdict.

use std::fmt::{self, Display, Formatter};

use crate::latency::Summary;
use crate::probes::Probes;
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
        row(
            f,
            "connections",
            format!(
                "{}, {} channels, mean fan-out {:.1}",
                volume.connections, volume.channels, volume.mean_fan_out
            ),
        )?;
        row(
            f,
            "messages",
            format!(
                "{} sent, {} acknowledged, {} in the history ({} of them never acknowledged)",
                judged.sent, judged.acked, judged.stored, judged.stored_unacknowledged
            ),
        )?;
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

    fn write_surroundings(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for usage in &self.processes {
            let memory = format!(
                "{:.1} MiB, at most {:.1}",
                mib(usage.rss_kib),
                mib(usage.peak_rss_kib)
            );
            row(
                f,
                &usage.name,
                format!(
                    "CPU {:.2} s, memory {memory} ({} processes)",
                    usage.cpu_seconds, usage.processes
                ),
            )?;
        }
        let around = &self.surroundings;
        let nice = (
            around.nice.unwrap_or(0),
            around.session_nice.as_deref().unwrap_or("no session group"),
        );
        row(
            f,
            "own CPU",
            format!(
                "{:.2} s, nice {} ({})",
                self.own.cpu_seconds, nice.0, nice.1
            ),
        )?;
        if let Some(Probes { flush, bare }) = &self.probes {
            row(
                f,
                "flush probe",
                format!(
                    "{:.0}/s in {}, {}",
                    flush.per_second,
                    flush.folder.display(),
                    flush.latency
                ),
            )?;
            row(
                f,
                "bare probe",
                format!(
                    "{:.0} deliveries/s, {}, {:.1} µs CPU each",
                    bare.deliveries_per_second, bare.latency, bare.cpu_micros_per_delivery
                ),
            )?;
        }
        let (soft, hard) = around.open_files.unwrap_or_default();
        let build = if around.optimised { "release" } else { "DEBUG" };
        let commit = around.commit.as_deref().unwrap_or("unknown");
        row(
            f,
            "run",
            format!(
                "{build} build, commit {commit}, {} processors, open files {soft}/{hard}, tenant {}",
                around.processors, self.tenant
            ),
        )
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.command)?;
        for remark in &self.remarks {
            row(f, "plan", remark)?;
        }
        self.write_volume(f)?;
        row(f, "delivery", self.latencies.delivery)?;
        row(f, "ack", self.latencies.ack)?;
        if self.latencies.replay.count + self.latencies.back.count > 0 {
            row(f, "replayed", self.latencies.replay)?;
            row(f, "back after a cut", self.latencies.back)?;
        }
        row(f, "own lateness", self.own.lateness)?;
        self.write_surroundings(f)?;
        for told in &self.judgement.faults.told {
            row(f, "fault", format!("{:?}: {}", told.kind, told.words))?;
        }
        write!(f, "{}", self.verdict())
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
