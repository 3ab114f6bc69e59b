//! `discuss-proofs`: proofs that must look inside, below HTTP and sockets. The order of the event log
//! under everything that can go wrong (`order`), what the writer makes of the disk (`send-path`), and that
//! all of the log gets to Kafka (`relayed`).
//!
//! `order`, `send-path`, `read-cost` and `page-cache` empty the database they are given. `./scripts/prove` gives them one of their own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod entities;
mod figures;
mod order;
mod page_cache;
mod read_cost;
mod relayed;
mod send_path;
mod servers;
mod stage;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Proofs that must look inside. Some EMPTY the database that they are given.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    servers: servers::Servers,
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Debug, Subcommand)]
enum Proof {
    /// A reader of the news never skips or misorders a seq.
    Order(order::Options),
    /// Sends are committed in groups, and it pays.
    SendPath(send_path::Options),
    /// Every event of the log is in Kafka, in order. Empties nothing.
    Relayed(relayed::Options),
    /// Business events that come several times each make one channel each. Empties nothing.
    EntityOnce(entities::OnceOptions),
    /// Random orders of business events end in the same state as the ordered run. Empties nothing.
    EntityOrder(entities::OrderOptions),
    /// Broken business records are dead letters, all others are done. Sets a trigger in the database.
    EntityPoison(entities::PoisonOptions),
    /// After `entity-poison`, without its trigger and with the letters put back: what there is now.
    EntityReplayed(entities::ReplayedOptions),
    /// Business records flow while something else takes servers away. Empties nothing.
    EntityFlow(entities::FlowOptions),
    /// Stores what is read by the proof of what reading costs. EMPTIES the database.
    ReadCost(read_cost::Options),
    /// What a cache of the newest messages in Redis would save. EMPTIES the database.
    PageCache(page_cache::Options),
    /// A writer process of `order`.
    #[command(hide = true)]
    OrderWriter(order::WriterOptions),
    /// A process of senders of `send-path`.
    #[command(hide = true)]
    Senders(send_path::SenderOptions),
}

#[tokio::main]
async fn main() -> ExitCode {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr);
    log.with_max_level(tracing_subscriber::filter::LevelFilter::ERROR)
        .init();
    let options = Options::parse();
    let proved = match options.proof {
        Proof::Order(order) => order::run(&options.servers, order).await,
        Proof::SendPath(send_path) => send_path::run(&options.servers, send_path).await,
        Proof::Relayed(relayed) => relayed::run(&options.servers, relayed).await,
        Proof::EntityOnce(once) => entities::once(&options.servers, once).await,
        Proof::EntityOrder(order) => entities::order(&options.servers, order).await,
        Proof::EntityPoison(poison) => entities::poison(&options.servers, poison).await,
        Proof::EntityReplayed(replayed) => entities::replayed(&options.servers, replayed).await,
        Proof::EntityFlow(flow) => entities::flow(&options.servers, flow).await,
        Proof::ReadCost(read_cost) => read_cost::run(&options.servers, read_cost).await,
        Proof::PageCache(page_cache) => page_cache::run(&options.servers, page_cache).await,
        Proof::OrderWriter(writer) => order::write(&options.servers, writer).await,
        Proof::Senders(senders) => send_path::send(&options.servers, senders).await,
    };
    match proved {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("discuss-proofs: {error:#}");
            ExitCode::from(2)
        }
    }
}
