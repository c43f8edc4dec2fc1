//! Who gets which name, and for how long.

use std::time::Duration;

use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn two_guests_have_different_names_until_a_token_expires() {
    let guests = Guests::default();
    let ada = guests.welcome(Some("Ada")).unwrap();
    assert_eq!(ada.name, "Ada");
    assert_eq!(guests.welcome(Some(" ADA ")), Err(Refusal::NameTaken));
    let grace = guests.welcome(Some("Grace")).unwrap();
    assert_ne!(grace.sub, ada.sub);
    advance(LIFETIME - SECOND).await;
    assert_eq!(guests.welcome(Some("Ada")), Err(Refusal::NameTaken));
    advance(SECOND).await;
    let other = guests.welcome(Some("Ada")).unwrap();
    assert_ne!(other.sub, ada.sub);
}

#[tokio::test(start_paused = true)]
async fn a_renewed_guest_keeps_id_and_name_for_another_hour() {
    let guests = Guests::default();
    let ada = guests.welcome(Some("Ada")).unwrap();
    for _ in 0..3 {
        advance(LIFETIME - SECOND).await;
        assert_eq!(guests.renew(ada.clone()), Ok(ada.clone()));
        assert_eq!(guests.welcome(Some("Ada")), Err(Refusal::NameTaken));
    }
    advance(LIFETIME).await;
    guests.welcome(Some("Ada")).unwrap();
    assert_eq!(guests.renew(ada), Err(Refusal::NameTaken));
}

#[tokio::test]
async fn a_guest_of_before_a_restart_is_renewed_if_nobody_has_the_name() {
    let guests = Guests::default();
    let ada = User::new("guest-of-before", "Ada");
    assert_eq!(guests.renew(ada.clone()), Ok(ada));
    assert_eq!(guests.welcome(Some("ada")), Err(Refusal::NameTaken));
    let grace = guests.welcome(Some("Grace")).unwrap();
    let impostor = User::new("guest-from-elsewhere", "Admin");
    assert_eq!(guests.renew(impostor), Err(Refusal::NameTaken));
    let old = User::new("guest-of-before-2", "grace");
    assert_eq!(guests.renew(old), Err(Refusal::NameTaken));
    assert_eq!(guests.renew(grace.clone()), Ok(grace));
}

#[tokio::test(start_paused = true)]
async fn the_10_001st_guest_waits_until_a_token_expires() {
    let guests = Guests::default();
    let first = guests.welcome(Some("Guest of honour")).unwrap();
    advance(60 * SECOND).await;
    for _ in 1..MAXIMUM_GUESTS {
        guests.welcome(None).unwrap();
    }
    let retry_after = LIFETIME - 60 * SECOND;
    for name in [None, Some("Ada")] {
        assert_eq!(
            guests.welcome(name),
            Err(Refusal::TooManyGuests { retry_after })
        );
    }
    let from_elsewhere = User::new("guest-from-elsewhere", "Grace");
    assert_eq!(
        guests.renew(from_elsewhere),
        Err(Refusal::TooManyGuests { retry_after })
    );
    advance(retry_after - SECOND).await;
    assert!(guests.welcome(Some("Ada")).is_err());
    advance(SECOND).await;
    guests.welcome(Some("Ada")).unwrap();
    assert!(guests.welcome(Some("Grace")).is_err());
    assert!(guests.renew(first).is_err());
    // Everything that has expired is gone.
    advance(LIFETIME).await;
    guests.welcome(Some("Grace")).unwrap();
    let names = guests.names();
    assert_eq!((names.held.len(), names.ends.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn renewals_do_not_count_as_more_guests() {
    let guests = Guests::default();
    let ada = guests.welcome(Some("Ada")).unwrap();
    for _ in 0..MAXIMUM_GUESTS + 1 {
        guests.renew(ada.clone()).unwrap();
    }
    let names = guests.names();
    assert_eq!((names.held.len(), names.ends.len()), (1, 1));
}

#[tokio::test]
async fn a_guest_without_a_name_gets_one() {
    let guests = Guests::default();
    let [one, other] = [(); 2].map(|()| guests.welcome(None).unwrap());
    assert_ne!(one.name, other.name);
    for guest in [one, other] {
        let number = guest.name.strip_prefix("Guest ").unwrap();
        assert!(number.len() == 5 && number.bytes().all(|it| it.is_ascii_digit()));
        let id = guest.sub.strip_prefix("guest-").unwrap();
        assert!(id.len() == 32 && id.bytes().all(|it| it.is_ascii_hexdigit()));
    }
}
