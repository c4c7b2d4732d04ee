use crate::services::Services;
use crate::shoppers::Shoppers;
use crate::stage::Stage;
use crate::story;

#[test]
fn interrupted_commands_are_continued() {
    let mut stage = Stage::lock_whole();
    let shoppers = Shoppers::start(&stage, crate::seed());
    let removal = ["--without", "audit,realtime"];
    stage.interrupted(&removal);
    stage.up(&removal);
    assert_eq!(Services::all().without(&stage.services()), ["audit", "realtime"]);
    let addition = ["--services", "all"];
    stage.interrupted(&addition);
    stage.up(&addition);
    assert_eq!(stage.services(), Services::all());
    shoppers.restock(&stage);
    story::check(&stage);
    shoppers.stop().expect_one_order_each(&stage.staff());
}
