//! The senders to the first group: each source has a task of its own.

use std::sync::Arc;

use hubwire::SendError;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::hub::Context;
use crate::numbered::{Numbered, Source};
use crate::plan::{Plan, SourcePlan};
use crate::scene::Scene;

/// Sends until [`Scene::sent_all`] fires; then its tasks end.
pub(crate) fn start(scene: &Arc<Scene>, context: &Context, server: &Handle) -> JoinSet<()> {
    let mut senders = JoinSet::new();
    let plan: &Plan = &scene.plan;
    for source in [&plan.all].into_iter().chain(&plan.groups) {
        let (source, scene, context) = (open(source, scene), Arc::clone(scene), context.clone());
        senders.spawn_on(send_to_many(source, scene, context), server);
    }
    for source in &plan.peaks {
        let (source, scene, context) = (open(source, scene), Arc::clone(scene), context.clone());
        senders.spawn_on(send_peaks(source, scene, context), server);
    }
    for (number, source) in &plan.ones {
        let (source, scene, context) = (open(source, scene), Arc::clone(scene), context.clone());
        senders.spawn_on(send_to_one(*number, source, scene, context), server);
    }
    senders
}

fn open(plan: &SourcePlan, scene: &Scene) -> Source {
    Source::new(plan, scene.seed())
}

async fn send_to_many(mut source: Source, scene: Arc<Scene>, context: Context) {
    let many = match source.plan.label.as_str() {
        "all" => context.clients().all(),
        group => context.clients().group(group),
    };
    while let Some(Numbered { label, filler }) = next(&mut source, &scene).await {
        scene.note_sent(&source.plan.label, source.sent());
        expect_sent(&scene, &many.push(&label, filler).await);
    }
}

async fn send_to_one(number: usize, mut source: Source, scene: Arc<Scene>, context: Context) {
    let id = scene.connected(&format!("honest{number}")).await;
    let one = context.clients().client(id);
    while let Some(Numbered { label, filler }) = next(&mut source, &scene).await {
        scene.note_sent(&source.plan.label, source.sent());
        expect_sent(&scene, &one.push(&label, filler).await);
    }
}

async fn send_peaks(mut source: Source, scene: Arc<Scene>, context: Context) {
    let group = context.clients().group(&source.plan.label);
    loop {
        let peak = tokio::select! {
            biased;
            () = scene.sent_all.cancelled() => return,
            peak = source.peak() => peak,
        };
        scene.note_sent(&source.plan.label, source.sent());
        for Numbered { label, filler } in peak {
            expect_sent(&scene, &group.push(&label, filler).await);
        }
    }
}

/// Returns the next message, or `None` once everything is sent.
async fn next(source: &mut Source, scene: &Scene) -> Option<Numbered> {
    tokio::select! {
        biased;
        () = scene.sent_all.cancelled() => None,
        message = source.next() => Some(message),
    }
}

fn expect_sent(scene: &Scene, sent: &Result<(), SendError>) {
    assert!(sent.is_ok(), "seed {}: {sent:?}", scene.seed());
}
