//! The binary of the consumer.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    discuss_runtime::process::exit_code(discuss_consumer::execute().await)
}
