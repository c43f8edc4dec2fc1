//! Who is connected to a hub, in which groups and as which user, here and on other nodes.

mod client_results;
mod cluster;
mod connections;
mod delivery;
mod invoking;
mod manager;
mod memberships;
mod protocols_in_use;
mod sending;
mod subscriptions;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use client_results::Receipt;
pub(crate) use cluster::Cluster;
pub(crate) use manager::DefaultHubLifetimeManager;
