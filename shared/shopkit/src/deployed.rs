//! The services that a stage deploys. The API's stage passes their names with each request,
//! because functions are deployed before it is known which other services follow.

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lambdakit::http::stage_variables::StageVariables;

/// The stage variable with the names, separated by commas.
const VARIABLE: &str = "services";

/// The services of a request's stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeployedServices(Option<BTreeSet<String>>);

impl DeployedServices {
    /// These services.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Some(names.into_iter().map(ToOwned::to_owned).collect()))
    }

    /// Whether a service is deployed. Without a list, or with an unreadable one, every service is
    /// taken for deployed.
    #[must_use]
    pub fn include(&self, service: &str) -> bool {
        self.0.as_ref().is_none_or(|services| services.contains(service))
    }

    fn parse(list: &str) -> Self {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        if list.split(',').all(is_name) { Self::new(list.split(',')) } else { Self::default() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DeployedServices {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let variables = StageVariables::from_request_parts(parts, state).await?;
        Ok(variables.get(VARIABLE).map(Self::parse).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_services_are_deployed() {
        let services = DeployedServices::parse("product,basket,payment-sandbox");
        assert_eq!(services, DeployedServices::new(["basket", "payment-sandbox", "product"]));
        for (service, is_deployed) in
            [("basket", true), ("payment-sandbox", true), ("payment", false), ("", false)]
        {
            assert_eq!(services.include(service), is_deployed, "{service}");
        }
    }

    #[test]
    fn all_services_are_deployed_without_a_readable_list() {
        for list in ["", ",", "basket,", "basket, product", "basket;product", "Basket"] {
            assert!(DeployedServices::parse(list).include("payment"), "{list}");
        }
        assert!(DeployedServices::default().include("payment"));
    }
}
