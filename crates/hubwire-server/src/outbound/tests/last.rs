//! A puller that waits for the last hub message.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn who_waits_for_the_last_message_is_woken_by_it() {
    let outbound = outbound(100);
    let mut puller = outbound.attach_puller();
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    let cx = Context::from_waker(&waker);
    assert!(puller.poll_ready(&cx).is_pending());
    let _ = outbound.offer(&message("Disconnected;"));
    outbound.flush();
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(puller.poll_ready(&cx).is_ready());
    assert!(puller.poll_last(&cx).is_pending());
    outbound.gather_last(TransferFormat::Text, b"Close;");
    outbound.write_gathered();
    assert_eq!(woken.0.load(Ordering::Relaxed), 2);
    assert!(puller.poll_last(&cx).is_ready());
    assert_eq!(
        claim(&mut puller),
        Poll::Ready(Some("Disconnected;Close;".len()))
    );
}

#[test]
fn who_waits_for_the_last_message_gives_way_to_another_puller() {
    let outbound = outbound(100);
    let puller = outbound.attach_puller();
    let cx = Context::from_waker(Waker::noop());
    assert!(puller.poll_last(&cx).is_pending());
    let _other = outbound.attach_puller();
    assert!(puller.poll_last(&cx).is_ready());
}
