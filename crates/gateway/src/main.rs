//! The binary of the WebSocket gateway.

use std::process::ExitCode;

/// Many small frames of different ages: an allocator that gives their memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    discuss_runtime::process::exit_code(discuss_gateway::execute().await)
}
