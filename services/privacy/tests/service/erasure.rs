use serde_json::{Value, json};
use testkit::customer_id;
use testkit::faults::{Fault, Rule};

use crate::{HOLDERS, Shop, shop};

impl Shop {
    /// Requests an erasure for `swn`, who has an account and an export.
    async fn erasing(&mut self) -> Value {
        self.sign_up().await;
        let export = self.client.get("/me/export").await.expect(202).body;
        for holder in HOLDERS {
            let part = json!({
                "customerId": export["customerId"], "exportId": export["requestId"], "holder": holder,
                "runId": "019c1430-4400-7000-8000-0000000000a1", "part": 0, "last": true,
                "items": [{ "address": "1 Harbour Street" }],
            });
            assert!(self.deliver("CustomerDataCollected", &part).await);
        }
        self.erase().await
    }

    async fn erase(&self) -> Value {
        let erasure = self.client.send("DELETE", "/me", &[], "").await.expect(202).body;
        assert_eq!(erasure["status"], "ERASING");
        erasure
    }

    /// Delivers a holder's erasure event and returns whether it was acknowledged.
    pub(crate) async fn erased(&self, erasure: &Value, holder: &str) -> bool {
        let data = json!({
            "customerId": erasure["customerId"], "erasureId": erasure["requestId"], "holder": holder,
        });
        self.deliver("CustomerDataErased", &data).await
    }

    /// Delivers the erasure events of all holders but this one.
    async fn rest_erased(&self, erasure: &Value, but: &str) {
        for holder in HOLDERS.into_iter().filter(|holder| *holder != but) {
            assert!(self.erased(erasure, holder).await);
        }
    }

    /// Creates an account for `swn` and signs in. Cognito chooses the id.
    pub(crate) async fn sign_up(&mut self) -> String {
        let created = self.cognito.admin_create_user().user_pool_id(&self.pool).username("swn");
        let created = created.send().await.unwrap().user.unwrap();
        let sub = created.attributes().iter().find(|attribute| attribute.name() == "sub").unwrap();
        let id = sub.value().unwrap().to_owned();
        self.client = self.client.customer_with_id("swn", &id);
        id
    }

    pub(crate) async fn has_account(&self) -> bool {
        self.cognito.admin_get_user().user_pool_id(&self.pool).username("swn").send().await.is_ok()
    }
}

#[tokio::test]
async fn the_account_goes_when_every_holder_has_erased_and_nothing_is_left() {
    let mut shop = shop().await;
    let erasure = shop.erasing().await;
    shop.rest_erased(&erasure, "basket").await;
    assert!(shop.erased(&erasure, "ordering").await, "delivered twice it is still only one of them");
    assert!(shop.has_account().await);
    assert!(shop.erased(&erasure, "basket").await);
    assert!(!shop.has_account().await);
    assert_eq!(shop.rows().await, Vec::<String>::new());
    assert!(shop.erased(&erasure, "basket").await, "what comes late is harmless");
    assert_eq!(shop.rows().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_repeated_erasure_request_is_one_erasure() {
    let mut shop = shop().await;
    let erasure = shop.erasing().await;
    assert_eq!(shop.erase().await, erasure);
    shop.client.nobody().send("DELETE", "/me", &[], "").await.expect(401);
}

#[tokio::test]
async fn staff_ask_for_an_erasure_by_id_also_when_the_account_is_gone() {
    let mut shop = shop().await;
    let id = shop.sign_up().await;
    shop.cognito.admin_delete_user().user_pool_id(&shop.pool).username("swn").send().await.unwrap();
    let path = format!("/customer/{id}");
    let erasure = shop.staff.send("DELETE", &path, &[], "").await.expect(202).body;
    assert_eq!(erasure["customerId"], json!(id));
    for holder in HOLDERS {
        assert!(shop.erased(&erasure, holder).await);
    }
    assert_eq!(shop.rows().await, Vec::<String>::new());
    shop.client.send("DELETE", &path, &[], "").await.expect(403);
    shop.client.nobody().send("DELETE", &path, &[], "").await.expect(401);
    for no_id in ["swn", "00000000-0000-0000-0000-000000000000"] {
        let refused = shop.staff.send("DELETE", &format!("/customer/{no_id}"), &[], "").await.expect(422);
        assert_eq!(refused.fields_at_fault(), ["customerId"]);
    }
}

#[tokio::test]
async fn an_erasure_that_breaks_off_goes_on_when_its_message_comes_again() {
    // Each step of the completion fails once, and the steps before it are repeated.
    for operation in ["UpdateItem", "DeleteItem", "Query", "BatchWriteItem", "AdminDeleteUser"] {
        let mut shop = shop().await;
        let erasure = shop.erasing().await;
        shop.rest_erased(&erasure, "ordering").await;
        shop.faults.add(Rule::new(Fault::ServerError).on(operation));
        assert!(!shop.erased(&erasure, "ordering").await, "{operation}");
        shop.faults.clear();
        assert!(shop.erased(&erasure, "ordering").await, "{operation}");
        assert!(!shop.has_account().await, "{operation}");
        assert_eq!(shop.rows().await, Vec::<String>::new(), "{operation}");
    }
}

#[tokio::test]
async fn an_account_whose_deletion_was_not_answered_may_be_gone_already() {
    let mut shop = shop().await;
    let erasure = shop.erasing().await;
    shop.rest_erased(&erasure, "ordering").await;
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
    for holder in HOLDERS {
        assert!(shop.erased(&erasure, holder).await);
    }
    let late = json!({
        "customerId": customer_id("swn"), "exportId": export["requestId"], "holder": "ordering",
        "runId": "019c1430-4400-7000-8000-0000000000a1", "part": 0, "last": true,
        "items": [{ "address": "1 Harbour Street" }],
    });
    assert!(shop.deliver("CustomerDataCollected", &late).await);
    assert_eq!(shop.rows().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_erasure_waits_for_the_services_that_held_data_when_it_was_requested() {
    let shop = shop().await;
    let erasure = shop.erase().await;
    assert!(shop.erased(&erasure, "a-service-of-later").await);
    shop.rest_erased(&erasure, "realtime").await;
    assert_eq!(shop.rows().await.len(), 1);
    assert!(shop.erased(&erasure, "realtime").await);
    assert_eq!(shop.rows().await.len(), 0);
}
