//! The services of a stage, as `docs/services.md` describes them.

use std::collections::BTreeSet;

use testkit::SeededRng;

const CORE: [&str; 3] = ["basket", "ordering", "product"];
/// Services that a stage can do without.
pub(crate) const OTHERS: [&str; 9] = [
    "audit",
    "fulfilment",
    "inventory",
    "notification",
    "payment",
    "payment-sandbox",
    "privacy",
    "realtime",
    "shipping",
];
/// Services that are added and removed at once, to save time.
const GROUP: usize = 3;

fn needs(service: &str) -> &'static [&'static str] {
    match service {
        "fulfilment" => &["inventory", "payment", "payment-sandbox", "shipping"],
        "payment" => &["payment-sandbox"],
        "payment-sandbox" => &["payment"],
        _ => &[],
    }
}

/// The services that a stage has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Services(BTreeSet<String>);

impl Services {
    /// The core, these services, and what they need.
    pub(crate) fn core_and(asked: &[&str]) -> Self {
        let needed = asked.iter().flat_map(|service| needs(service));
        Self::of(CORE.iter().chain(asked).chain(needed))
    }

    pub(crate) fn all() -> Self {
        Self::core_and(&OTHERS)
    }

    fn of<'a>(names: impl Iterator<Item = &'a &'a str>) -> Self {
        Self(names.map(|name| (*name).to_owned()).collect())
    }

    pub(crate) fn has(&self, service: &str) -> bool {
        self.0.contains(service)
    }

    pub(crate) fn without(&self, others: &Self) -> Vec<String> {
        self.0.difference(&others.0).cloned().collect()
    }
}

impl FromIterator<String> for Services {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self(names.into_iter().collect())
    }
}

/// All services besides the core in a random order, in groups that a stage gets one after the
/// other.
pub(crate) fn groups(rng: &mut SeededRng) -> Vec<Vec<&'static str>> {
    // Either of the two brings the other one along.
    let spared = ["payment", "payment-sandbox"][rng.pick(2)];
    let mut left: Vec<&str> = OTHERS.into_iter().filter(|service| *service != spared).collect();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let group = (0..GROUP.min(left.len())).map(|_| left.swap_remove(rng.pick(left.len())));
        groups.push(group.collect());
    }
    groups
}
