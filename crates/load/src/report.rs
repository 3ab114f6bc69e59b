//! What a run came to: the figures, written as JSON, and whether they hold.

use serde::Serialize;

use crate::latency::Summary;
use crate::options::Common;
use crate::probes::{Probes, Surroundings};
use crate::processes::Usage;
use crate::verdict::Judgement;

/// Later than this at the 99th percentile, and the run says more about us than about the server.
pub(crate) const LATEST_MS: f64 = 5.0;

/// Everything about a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The command.
    pub(crate) command: &'static str,
    /// The tenant it ran in.
    pub(crate) tenant: u64,
    /// What was asked.
    pub(crate) options: Common,
    /// What the reader should know about the plan.
    pub(crate) remarks: Vec<String>,
    /// The machine and the program.
    pub(crate) surroundings: Surroundings,
    /// What the machine could do just before.
    pub(crate) probes: Option<Probes>,
    /// How much there was.
    pub(crate) volume: Volume,
    /// How long it took.
    pub(crate) latencies: Latencies,
    /// What is held against the server.
    pub(crate) judgement: Judgement,
    /// What the servers used.
    pub(crate) processes: Vec<Usage>,
    /// What this program used.
    pub(crate) own: Own,
    /// Claims that did not hold.
    pub(crate) broken_claims: Vec<String>,
}

/// How much there was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Volume {
    /// Sockets.
    pub(crate) connections: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// Sockets a message goes to, on average.
    pub(crate) mean_fan_out: f64,
    /// Time from the first send to the last answer, in seconds.
    pub(crate) sending_seconds: f64,
    /// Acknowledged sends a second.
    pub(crate) sends_per_second: f64,
    /// Deliveries, those by reloading included.
    pub(crate) deliveries: u64,
    /// Deliveries a second, from the first send to the last delivery.
    pub(crate) deliveries_per_second: f64,
    /// Sends tried again.
    pub(crate) retries: u64,
    /// Sends given up.
    pub(crate) given_up: u64,
    /// Times that a socket came back.
    pub(crate) reconnects: u64,
    /// Gaps reloaded by REST.
    pub(crate) gaps: u64,
    /// Events shown again where the contract allows it.
    pub(crate) repeated: u64,
    /// Other contents under a used client message id, refused as they must be.
    pub(crate) conflicts: u64,
}

/// How long it took, from the time a message was due.
#[derive(Debug, Serialize)]
pub(crate) struct Latencies {
    /// To live sockets.
    pub(crate) delivery: Summary,
    /// To sockets that replayed what they missed.
    pub(crate) replay: Summary,
    /// To the acknowledgement.
    pub(crate) ack: Summary,
    /// From a cut to RESUMED.
    pub(crate) back: Summary,
    /// From the removal of a member to the last that they were shown.
    pub(crate) revoked: Summary,
}

/// What this program used, and how late it was itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Own {
    /// CPU in seconds while sending and settling.
    pub(crate) cpu_seconds: f64,
    /// How late sends started and timers woke up.
    pub(crate) lateness: Summary,
}

/// A report with its verdict, as it is written.
#[derive(Serialize)]
struct Written<'a> {
    outcome: Outcome,
    verdict: String,
    #[serde(flatten)]
    report: &'a Report,
}

/// What the program ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// Everything held.
    Held,
    /// Something was lost, doubled, out of order or altered, or a claim did not hold.
    Failed,
    /// This program was too late itself.
    Invalid,
}

impl Report {
    /// What the run came to.
    pub(crate) fn outcome(&self) -> Outcome {
        if !self.judgement.faults.is_none() || !self.broken_claims.is_empty() {
            Outcome::Failed
        } else if self.is_late() && !self.options.any_lateness {
            Outcome::Invalid
        } else {
            Outcome::Held
        }
    }

    /// The report as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let (outcome, verdict) = (self.outcome(), self.verdict());
        serde_json::to_vec_pretty(&Written {
            outcome,
            verdict,
            report: self,
        })
    }

    /// Whether this program was too late for its latencies to mean anything.
    pub(crate) fn is_late(&self) -> bool {
        self.own.lateness.p99 > LATEST_MS
    }

    /// Compares the figures with what the options claim.
    pub(crate) fn check_claims(&mut self) {
        let Summary { p95, count, .. } = self.latencies.delivery;
        if let Some(bound) = self
            .options
            .p95_under
            .filter(|bound| count == 0 || p95 >= *bound)
        {
            self.broken_claims.push(format!(
                "p95 of {count} deliveries is {p95:.1} ms, not under {bound} ms"
            ));
        }
        let sends = self.volume.sends_per_second;
        if let Some(bound) = self.options.sends_over.filter(|bound| sends < *bound) {
            self.broken_claims
                .push(format!("{sends:.0} sends/s is under {bound}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::faults::Fault;
    use crate::probes::look_around;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        common: Common,
    }

    fn volume() -> Volume {
        Volume {
            connections: 1,
            channels: 1,
            mean_fan_out: 1.0,
            sending_seconds: 1.0,
            sends_per_second: 500.0,
            deliveries: 10,
            deliveries_per_second: 10.0,
            retries: 0,
            given_up: 0,
            reconnects: 0,
            gaps: 0,
            repeated: 0,
            conflicts: 0,
        }
    }

    fn report(arguments: &[&str]) -> Report {
        let line = Line::parse_from([&["test"], arguments].concat());
        let summary = |p99| Summary {
            count: 10,
            p50: 1.0,
            p95: 80.0,
            p99,
            max: 90.0,
        };
        let none = Summary::default();
        let mut report = Report {
            command: "test",
            tenant: 1,
            options: line.common,
            remarks: Vec::new(),
            surroundings: look_around(),
            probes: None,
            volume: volume(),
            latencies: Latencies {
                delivery: summary(85.0),
                replay: none,
                ack: none,
                back: none,
                revoked: none,
            },
            judgement: Judgement::default(),
            processes: Vec::new(),
            own: Own {
                cpu_seconds: 1.0,
                lateness: summary(4.9),
            },
            broken_claims: Vec::new(),
        };
        report.check_claims();
        report
    }

    fn last_line(report: &Report) -> String {
        report.to_string().lines().last().unwrap().to_owned()
    }

    #[test]
    fn a_run_without_faults_that_keeps_its_claims_held() {
        let report = report(&["--p95-under", "100", "--sends-over", "400"]);
        let json: serde_json::Value = serde_json::from_slice(&report.to_json().unwrap()).unwrap();
        assert_eq!(json["outcome"], "held");
        assert_eq!(json["latencies"]["delivery"]["p95"], 80.0);
        assert!(
            last_line(&report)
                .starts_with("HELD: 0 lost, 0 doubled, 0 out of order, 0 altered; p95 80.0 ms")
        );
    }

    #[test]
    fn a_broken_claim_fails_the_run_and_is_told() {
        for (claim, words) in [
            ("--p95-under=80", "not under 80 ms"),
            ("--sends-over=501", "500 sends/s is under 501"),
        ] {
            let report = report(&[claim]);
            assert_eq!(report.outcome(), Outcome::Failed);
            let line = last_line(&report);
            assert!(line.starts_with("FAILED") && line.contains(words), "{line}");
        }
    }

    #[test]
    fn one_fault_of_any_kind_fails_the_run_even_if_it_was_late_itself() {
        let kinds = [
            Fault::Lost,
            Fault::Doubled,
            Fault::OutOfOrder,
            Fault::Altered,
            Fault::Stray,
            Fault::WrongAnswer,
        ];
        for kind in kinds {
            let mut report = report(&[]);
            report.own.lateness.p99 = 50.0;
            report
                .judgement
                .faults
                .note(kind, 1, || "because".to_owned());
            assert_eq!(report.outcome(), Outcome::Failed, "{kind:?}");
            assert!(report.to_string().contains("because"));
        }
    }

    #[test]
    fn a_run_that_was_late_itself_proves_nothing_unless_it_is_not_about_time() {
        let mut report = report(&[]);
        report.own.lateness.p99 = 5.1;
        assert_eq!(report.outcome(), Outcome::Invalid);
        assert!(last_line(&report).starts_with("INVALID"));
        report.options.any_lateness = true;
        assert_eq!(report.outcome(), Outcome::Held);
        assert!(last_line(&report).contains("its latencies mean nothing"));
    }
}
