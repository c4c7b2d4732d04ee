use domain::event::Keeper;
use serde_json::{Value, json};
use testkit::faults::{Fault, Rule};

use crate::{Shop, shop};

impl Shop {
    /// `swn` asks to be forgotten, having an account and an export.
    async fn erasing(&self) -> Value {
        self.sign_up().await;
        let export = self.client.get("/me/export").await.expect(202).body;
        for keeper in Keeper::ALL {
            let part = json!({
                "userName": "swn", "exportId": export["requestId"], "keeper": keeper,
                "part": 0, "last": true, "items": [{ "address": "1 Harbour Street" }],
            });
            assert!(self.deliver("CustomerDataCollected", &part).await);
        }
        self.erase().await
    }

    async fn erase(&self) -> Value {
        let erasure = self.client.send("DELETE", "/me", &[], "").await.expect(202).body;
        assert_eq!((&erasure["userName"], &erasure["status"]), (&json!("swn"), &json!("ERASING")));
        erasure
    }

    /// A keeper tells that it has erased what it kept; says whether the message is done.
    async fn erased(&self, erasure: &Value, keeper: &str) -> bool {
        let data = json!({ "userName": "swn", "erasureId": erasure["requestId"], "keeper": keeper });
        self.deliver("CustomerDataErased", &data).await
    }

    /// All keepers but this one have erased what they kept.
    async fn rest_erased(&self, erasure: &Value, but: Keeper) {
        for keeper in Keeper::ALL.into_iter().filter(|keeper| *keeper != but) {
            assert!(self.erased(erasure, keeper.name()).await);
        }
    }

    async fn sign_up(&self) {
        self.cognito.admin_create_user().user_pool_id(&self.pool).username("swn").send().await.unwrap();
    }

    async fn has_account(&self) -> bool {
        self.cognito.admin_get_user().user_pool_id(&self.pool).username("swn").send().await.is_ok()
    }
}

#[tokio::test]
async fn the_account_goes_when_every_keeper_has_forgotten_and_nothing_is_left() {
    let shop = shop().await;
    let erasure = shop.erasing().await;
    shop.rest_erased(&erasure, Keeper::Basket).await;
    assert!(shop.erased(&erasure, "ordering").await, "told twice it is still only one of them");
    assert!(shop.has_account().await);
    assert!(shop.erased(&erasure, "basket").await);
    assert!(!shop.has_account().await);
    assert_eq!(shop.rows().await, Vec::<String>::new());
    assert!(shop.erased(&erasure, "basket").await, "what comes late is harmless");
    assert_eq!(shop.rows().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_asks_twice_is_forgotten_once() {
    let shop = shop().await;
    let erasure = shop.erasing().await;
    assert_eq!(shop.erase().await, erasure);
    shop.client.nobody().send("DELETE", "/me", &[], "").await.expect(401);
}

#[tokio::test]
async fn an_erasure_that_breaks_off_goes_on_when_its_message_comes_again() {
    // Each step of the end fails once, and the ones before it are done again.
    for operation in ["UpdateItem", "DeleteItem", "Query", "BatchWriteItem", "AdminDeleteUser"] {
        let shop = shop().await;
        let erasure = shop.erasing().await;
        shop.rest_erased(&erasure, Keeper::Ordering).await;
        shop.faults.add(Rule::new(Fault::ServerError).on(operation));
        assert!(!shop.erased(&erasure, "ordering").await, "{operation}");
        shop.faults.clear();
        assert!(shop.erased(&erasure, "ordering").await, "{operation}");
        assert!(!shop.has_account().await, "{operation}");
        assert_eq!(shop.rows().await, Vec::<String>::new(), "{operation}");
    }
}

#[tokio::test]
async fn an_account_whose_removal_was_not_answered_may_be_gone_already() {
    let shop = shop().await;
    let erasure = shop.erasing().await;
    shop.rest_erased(&erasure, Keeper::Ordering).await;
    shop.faults.add(Rule::new(Fault::LoseAnswer).on("AdminDeleteUser"));
    assert!(!shop.erased(&erasure, "ordering").await);
    assert!(!shop.has_account().await);
    shop.faults.clear();
    assert!(shop.erased(&erasure, "ordering").await);
    assert_eq!(shop.rows().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_part_of_an_export_comes_in_after_the_erasure() {
    let shop = shop().await;
    let export = shop.client.get("/me/export").await.expect(202).body;
    let erasure = shop.erase().await;
    for keeper in Keeper::ALL {
        assert!(shop.erased(&erasure, keeper.name()).await);
    }
    let late = json!({
        "userName": "swn", "exportId": export["requestId"], "keeper": "ordering",
        "part": 0, "last": true, "items": [{ "address": "1 Harbour Street" }],
    });
    assert!(shop.deliver("CustomerDataCollected", &late).await);
    assert_eq!(shop.rows().await, Vec::<String>::new());
}
