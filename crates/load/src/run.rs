//! One measured run from probes to report.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::task::JoinHandle;

use crate::checker::Inbox;
use crate::client_ids::RunId;
use crate::courier::Courier;
use crate::dialer::Dialer;
use crate::drive::{Drive, settle};
use crate::ledger::Ledger;
use crate::options::Common;
use crate::people::Tenant;
use crate::probes;
use crate::processes::{Sampler, Usage, own_cpu_seconds};
use crate::report::{Latencies, Own, Report, Volume};
use crate::rest::Rest;
use crate::setup;
use crate::stage::Stage;
use crate::traffic::Plan;
use crate::verdict::{Judgement, judge};

/// What was measured while messages flowed.
struct Measured {
    sending: Duration,
    until_last_delivery: Duration,
    own_cpu_seconds: f64,
    processes: Vec<Usage>,
}

/// Carries out `plan` and reports.
pub(crate) async fn perform(common: &Common, plan: Plan) -> anyhow::Result<Report> {
    let surroundings = probes::look_around();
    let probes = if common.skip_probes {
        None
    } else {
        Some(probes::probe(common.flush_folder.clone()).await?)
    };
    let tenant = Tenant::new(common.servers.tenant_or_random(), common.servers.secret()?);
    let (drive, inboxes) = set_up(common, plan, &tenant).await?;
    tokio::time::sleep(common.rest()).await;
    let measured = measure(&drive, common).await?;

    let stage = &drive.courier.stage;
    stage.tell(|signal| signal.stop = true);
    let inboxes = try_join_all(inboxes).await?;
    let repeated = inboxes.iter().map(|inbox| inbox.repeated).sum();
    let judgement = judge_all(&drive, inboxes).await?;
    let lateness = stage.latencies.lateness.summary();
    let cpu_seconds = measured.own_cpu_seconds;
    let mut report = Report {
        command: drive.plan.command,
        tenant: tenant.id,
        options: common.clone(),
        remarks: drive.plan.remarks.clone(),
        surroundings,
        probes,
        volume: volume(&drive, &measured, (&judgement, repeated)),
        latencies: latencies(stage),
        judgement,
        processes: measured.processes,
        own: Own {
            cpu_seconds,
            lateness,
        },
        broken_claims: Vec::new(),
    };
    report.check_claims();
    Ok(report)
}

/// Makes the channels and opens the sockets; before it, if they are to be joined live.
async fn set_up(
    common: &Common,
    plan: Plan,
    tenant: &Tenant,
) -> anyhow::Result<(Arc<Drive>, Vec<JoinHandle<Inbox>>)> {
    let people = tenant.people(plan.people)?;
    let mut stage = new_stage(common)?;
    stage.deaf = plan.deaf;
    let stage = Arc::new(stage);
    let connected = people.get(..plan.sockets).unwrap_or(&people);
    let make = || setup::make_channels(&stage.rest, &people, &plan.channels);
    let (channels, connections) = if common.live_channels {
        let connections = setup::connect(&stage, connected).await?;
        (make().await?, connections)
    } else {
        let channels = make().await?;
        (channels, setup::connect(&stage, connected).await?)
    };
    let courier = Courier {
        stage,
        rest: Rest::new(common.servers.apis.clone())?,
        people,
        sockets: connections.senders,
        via: common.via,
        patience: common.patience(),
        repeats: plan.repeats,
    };
    let (fan_outs, in_flight) = (plan.fan_outs(), common.in_flight);
    let drive = Drive {
        plan,
        channels,
        fan_outs,
        courier,
        in_flight,
    };
    Ok((Arc::new(drive), connections.inboxes))
}

fn new_stage(common: &Common) -> anyhow::Result<Stage> {
    let ledger = Ledger::new(RunId::from_seed(fastrand::u64(..)));
    let rest = Rest::new(common.servers.apis.clone())?;
    let servers = &common.servers;
    let dialer = Dialer::new(
        servers.gateways.clone(),
        &servers.spare_gateways,
        common.sources.clone(),
    )?;
    Stage::new(ledger, rest, dialer)
}

async fn measure(drive: &Arc<Drive>, common: &Common) -> anyhow::Result<Measured> {
    let stage = &drive.courier.stage;
    let sampler = Sampler::start(common.pids.clone());
    let (cpu, began) = (own_cpu_seconds(), stage.ledger.now());
    drive.run().await;
    let sending = stage.ledger.now().saturating_sub(began);
    settle(
        stage,
        drive.plan.sockets.min(drive.courier.people.len()),
        common.settle(),
    )
    .await;
    Ok(Measured {
        sending,
        until_last_delivery: stage.last_delivery().saturating_sub(began),
        own_cpu_seconds: own_cpu_seconds() - cpu,
        processes: tokio::task::spawn_blocking(|| sampler.finish()).await?,
    })
}

async fn judge_all(drive: &Drive, inboxes: Vec<Inbox>) -> anyhow::Result<Judgement> {
    let (stage, people) = (&drive.courier.stage, &drive.courier.people);
    let mut memberships: Vec<Vec<u64>> = inboxes.iter().map(|_| Vec::new()).collect();
    let mut readers = Vec::new();
    for (members, channel) in drive.plan.channels.iter().zip(&drive.channels) {
        readers.extend(
            members
                .first()
                .and_then(|first| people.get(*first))
                .map(|reader| (*channel, reader)),
        );
        for member in members {
            if let Some(channels) = memberships.get_mut(*member) {
                channels.push(*channel);
            }
        }
    }
    let histories = setup::histories(stage, readers).await?;
    let mut judgement = judge(
        &stage.ledger,
        &histories,
        inboxes.into_iter().zip(memberships).collect(),
    );
    judgement.faults.add(stage.faults());
    Ok(judgement)
}

fn volume(drive: &Drive, measured: &Measured, (judgement, repeated): (&Judgement, u64)) -> Volume {
    let gauges = &drive.courier.stage.gauges;
    let read = |gauge: &AtomicU64| gauge.load(Relaxed);
    let deliveries = read(&gauges.delivered);
    let expected = read(&gauges.expected);
    Volume {
        connections: drive.plan.sockets,
        channels: drive.channels.len(),
        mean_fan_out: per(expected, real(judgement.acked)),
        sending_seconds: measured.sending.as_secs_f64(),
        sends_per_second: per(judgement.acked, measured.sending.as_secs_f64()),
        deliveries,
        deliveries_per_second: per(deliveries, measured.until_last_delivery.as_secs_f64()),
        retries: read(&gauges.retries),
        given_up: read(&gauges.given_up),
        reconnects: read(&gauges.reconnects),
        gaps: read(&gauges.gaps),
        repeated,
        conflicts: read(&gauges.conflicts),
    }
}

fn latencies(stage: &Stage) -> Latencies {
    let recorders = &stage.latencies;
    Latencies {
        delivery: recorders.delivery.summary(),
        replay: recorders.replay.summary(),
        ack: recorders.ack.summary(),
        back: recorders.back.summary(),
        revoked: recorders.revoked.summary(),
    }
}

fn per(count: u64, of: f64) -> f64 {
    if of > 0.0 { real(count) / of } else { 0.0 }
}

fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
