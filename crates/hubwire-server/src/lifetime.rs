//! The connections of a hub, their groups and their users, on this node and on other nodes.

mod arrivals;
mod client_results;
mod cluster;
mod connections;
mod delivery;
mod disconnecting;
mod groups;
mod invoking;
mod manager;
mod memberships;
mod metrics;
mod only_connections;
mod protocols_in_use;
mod received;
mod recent_disconnects;
mod sending;
mod subscriptions;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use client_results::Receipt;
pub(crate) use cluster::Cluster;
pub(crate) use manager::DefaultHubLifetimeManager;
pub(crate) use only_connections::Admitted;
pub(crate) use recent_disconnects::DisconnectCount;
