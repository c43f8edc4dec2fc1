//! Who is connected to a hub, in which groups and as which user, here and on other nodes.

mod asking;
mod cluster;
mod connections;
mod delivery;
mod manager;
mod memberships;
mod questions;
mod sending;
mod subscriptions;

pub(crate) use cluster::{Cluster, receive_events};
pub(crate) use manager::DefaultHubLifetimeManager;
pub(crate) use questions::Answered;
