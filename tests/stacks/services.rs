//! The services of a stage, as the table in `docs/services.md` lists them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use testkit::SeededRng;

const DOCUMENT: &str = include_str!("../../docs/services.md");
/// Services that are added and removed at once, to save time.
const GROUP: usize = 3;

static SERVICES: LazyLock<Vec<Service>> =
    LazyLock::new(|| DOCUMENT.lines().filter_map(Service::parse).collect());

struct Service {
    name: &'static str,
    is_core: bool,
    /// The names of other services among them.
    needs: Vec<&'static str>,
}

impl Service {
    /// A row of the table.
    fn parse(row: &'static str) -> Option<Self> {
        let mut cells = row.strip_prefix("| `")?.split('|');
        let (name, purpose, needs) = (cells.next()?, cells.next()?, cells.next()?);
        Some(Self {
            name: name.trim_end().strip_suffix('`')?,
            is_core: purpose.trim_start().starts_with("core:"),
            needs: needs.split('`').skip(1).step_by(2).collect(),
        })
    }
}

/// Services that a stage can do without.
pub(crate) fn optional() -> Vec<&'static str> {
    SERVICES.iter().filter(|service| !service.is_core).map(|service| service.name).collect()
}

/// The services that a stage has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Services(BTreeSet<String>);

impl Services {
    /// The core, these services, and what they need.
    pub(crate) fn core_and(asked: &[&str]) -> Self {
        let mut names: BTreeSet<&str> = asked.iter().copied().collect();
        loop {
            let found = names.len();
            for service in SERVICES.iter() {
                if service.is_core || names.contains(service.name) {
                    names.insert(service.name);
                    names.extend(service.needs.iter().filter(|need| optional().contains(need)));
                }
            }
            if names.len() == found {
                return names.into_iter().map(str::to_owned).collect();
            }
        }
    }

    pub(crate) fn all() -> Self {
        Self::core_and(&optional())
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
    let mut left = optional();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let group = (0..GROUP.min(left.len())).map(|_| left.swap_remove(rng.pick(left.len())));
        groups.push(group.collect());
    }
    groups
}
