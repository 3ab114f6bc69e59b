//! The migrations are embedded when this crate is compiled: it is to be compiled again when one is added.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
