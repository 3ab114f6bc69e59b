//! A world for a test: an API of its own on a database of its own, and people who call it.

mod answer;
mod person;
mod proxy;
mod world;

pub(crate) use self::{
    answer::Answer,
    person::{Person, signed},
    world::World,
};
