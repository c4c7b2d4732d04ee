//! A customer who takes the user name of a deleted account. They see none of the first owner's
//! data, and lose no data to that owner's erasure.

use serde_json::{Value, json};

use crate::{HOLDERS, Shop, shop};

/// The ways in which an account is deleted.
#[derive(Clone, Copy, Debug)]
enum Departure {
    /// By `DELETE /me`.
    Erasure,
    /// By Cognito's own `DeleteUser`, or by an administrator: the shop is not notified.
    Elsewhere,
}

/// Deletes the first `swn` and signs up another one. Returns the first one's erasure, or a late one
/// by staff.
async fn second_owner(departure: Departure) -> (Shop, Value) {
    let mut shop = shop().await;
    let first = shop.sign_up().await;
    let erasure = match departure {
        Departure::Erasure => shop.client.send("DELETE", "/me", &[], "").await.expect(202).body,
        Departure::Elsewhere => {
            let delete = shop.cognito.admin_delete_user().user_pool_id(&shop.pool).username("swn");
            delete.send().await.unwrap();
            shop.staff.send("DELETE", &format!("/customer/{first}"), &[], "").await.expect(202).body
        }
    };
    if matches!(departure, Departure::Erasure) {
        for holder in HOLDERS {
            assert!(shop.erased(&erasure, holder).await);
        }
    }
    assert!(!shop.has_account().await);
    assert_ne!(shop.sign_up().await, first);
    (shop, erasure)
}

#[tokio::test]
async fn late_messages_of_a_finished_erasure_leave_the_next_owners_account() {
    for departure in [Departure::Erasure, Departure::Elsewhere] {
        let (shop, erasure) = second_owner(departure).await;
        // Each message of the first owner's erasure is redelivered, as after a redrive.
        for _ in 0..2 {
            for holder in HOLDERS {
                assert!(shop.erased(&erasure, holder).await, "{departure:?}");
            }
            assert!(shop.has_account().await, "{departure:?}");
        }
        assert_eq!(shop.rows().await, Vec::<String>::new(), "{departure:?}");
    }
}

#[tokio::test]
async fn the_next_owner_has_requests_of_their_own() {
    let (shop, erasure) = second_owner(Departure::Erasure).await;
    let export = shop.client.get("/me/export").await.expect(202).body;
    assert_ne!(export["customerId"], erasure["customerId"]);
    for holder in HOLDERS {
        assert!(shop.erased(&erasure, holder).await);
    }
    let still = shop.client.get("/me/export").await.expect(202).body;
    assert_eq!(still["requestId"], export["requestId"]);
    // A part that was collected for the first owner is in no export.
    let late = json!({
        "customerId": erasure["customerId"], "exportId": export["requestId"], "holder": "ordering",
        "runId": "019c1430-4400-7000-8000-0000000000a1", "part": 0, "last": true, "items": [{ "orderId": "a" }],
    });
    assert!(shop.deliver("CustomerDataCollected", &late).await);
    assert!(shop.rows().await.iter().all(|row| !row.contains("part#")));
}
