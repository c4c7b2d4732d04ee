//! Authorizes access to customers' data, for all services: the only place that decides it.
//!
//! Data is stored by [`CustomerId`]. Paths and bodies contain user names, which another customer
//! can take after the account is deleted. Customers access their own data by their own name. Staff
//! who change data select the customer by `?customerId=`. They find the ids of a name by reading.
//!
//! | who | by name alone | with `customerId` |
//! | --- | --- | --- |
//! | a customer | themselves, by their own name | the same, if it is their own id |
//! | staff, about themselves | themselves | the customer with the id |
//! | staff, about others | may read all data of the name, change none | the customer with the id |
//!
//! Another customer's data looks as if it did not exist, so callers cannot find other customers.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::customer::Customer;
use domain::{CustomerId, UserName};
use lambdakit::Problem;
use lambdakit::auth::caller::Caller;
use lambdakit::http::api::path_field;
#[cfg(feature = "openapi")]
use lambdakit::http::openapi::Operation;
use lambdakit::http::parameters::Parameters;
use lambdakit::http::problem::FieldError;

use crate::staff::is_staff;

/// The query parameter by which staff select a customer.
pub const CUSTOMER_ID: &str = "customerId";

/// Adds the query parameter that selects a customer to an operation.
#[cfg(feature = "openapi")]
#[must_use]
pub fn by_customer_id(operation: Operation) -> Operation {
    let description =
        "One of the customers who have, or had, the user name. Required of staff who change data of others.";
    operation.query::<CustomerId>(CUSTOMER_ID, description)
}

/// Adds the parameters that select a customer to an operation below `{userName}`.
#[cfg(feature = "openapi")]
#[must_use]
pub fn of_customer(operation: Operation, description: &'static str) -> Operation {
    by_customer_id(operation.path::<UserName>("userName", description)).may_refuse(&[404, 422])
}

/// A caller, and the customer id that they give, if any.
#[derive(Clone, Debug)]
pub struct CustomerCaller {
    caller: Caller,
    is_staff: bool,
    customer_id: Option<CustomerId>,
}

/// The customers whose data may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One customer.
    Customer(Customer),
    /// Every customer who has, or had, this name.
    UserName(UserName),
}

impl CustomerCaller {
    /// The caller's own id and name.
    ///
    /// # Errors
    /// A 401 problem when the token's `sub` is not a customer id, and a 404 problem when the name
    /// is not a valid user name.
    pub fn own(caller: &Caller) -> Result<Customer, Problem> {
        let user_name = caller.user_name().parse().map_err(|_| unknown())?;
        Ok(Customer { id: own_id(caller)?, user_name })
    }

    /// The id of the caller's own account.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.caller.subject()
    }

    /// The one customer whose data the caller may change.
    ///
    /// # Errors
    /// A 404 problem when the caller may not change the data, a 400 problem when staff do not give
    /// the customer's id.
    pub fn authorize_write(&self, user_name: UserName) -> Result<Owner, Problem> {
        match self.authorize_read(user_name)? {
            Scope::Customer(customer) => {
                let is_caller = customer.id.to_string() == self.caller.subject();
                Ok(Owner { customer, is_caller })
            }
            Scope::UserName(_) => Err(Problem::bad_parameters(vec![FieldError {
                field: CUSTOMER_ID.to_owned(),
                detail:
                    "is required to change what is not your own: a user name can have been several customers'"
                        .to_owned(),
            }])),
        }
    }

    /// The customers with this name whose data the caller may read.
    ///
    /// # Errors
    /// A 404 problem when the caller may not read the data.
    pub fn authorize_read(&self, user_name: UserName) -> Result<Scope, Problem> {
        let is_own_name = user_name.as_str() == self.caller.user_name();
        match self.customer_id {
            Some(id) if self.is_staff => Ok(Scope::Customer(Customer { id, user_name })),
            Some(id) if is_own_name && id == own_id(&self.caller)? => {
                Ok(Scope::Customer(Customer { id, user_name }))
            }
            None if is_own_name => Ok(Scope::Customer(Customer { id: own_id(&self.caller)?, user_name })),
            None if self.is_staff => Ok(Scope::UserName(user_name)),
            _ => Err(unknown()),
        }
    }

    async fn named_in_path<S: Send + Sync>(
        parts: &mut Parts,
        state: &S,
    ) -> Result<(Self, UserName), Problem> {
        let this = Self::from_request_parts(parts, state).await?;
        let parameters = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let user_name = parameters.iter().find_map(|(name, value)| (name == "userName").then_some(value));
        let user_name = user_name.unwrap_or_default();
        // Checked before parsing, so that the response does not show whether a name is valid.
        if !this.is_staff && user_name != this.caller.user_name() {
            return Err(unknown());
        }
        Ok((this, path_field("userName", user_name)?))
    }
}

fn own_id(caller: &Caller) -> Result<CustomerId, Problem> {
    caller.subject().parse().map_err(|_| Problem::unauthorized("the token's sub is no customer's id"))
}

fn unknown() -> Problem {
    Problem::not_found("There is no such customer.")
}

impl<S: Send + Sync> FromRequestParts<S> for CustomerCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let is_staff = is_staff(&caller);
        let mut query = Parameters::from_request_parts(parts, state).await?;
        match query.optional(CUSTOMER_ID) {
            Some(customer_id) => Ok(Self { caller, is_staff, customer_id }),
            None => Err(query.invalid()),
        }
    }
}

/// The customer in the path (`{userName}`), whose data the caller may change.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The customer. If they are not the caller, the name is unverified: staff gave it.
    pub customer: Customer,
    /// Whether they are the caller.
    pub is_caller: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (caller, user_name) = CustomerCaller::named_in_path(parts, state).await?;
        caller.authorize_write(user_name)
    }
}

/// The customers with the name in the path (`{userName}`) whose data the caller may read.
#[derive(Clone, Debug)]
pub struct Readable(pub Scope);

impl<S: Send + Sync> FromRequestParts<S> for Readable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (caller, user_name) = CustomerCaller::named_in_path(parts, state).await?;
        caller.authorize_read(user_name).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use lambda_http::RequestExt;
    use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
    use lambda_http::request::RequestContext;
    use lambdakit::auth::caller::TokenClients;
    use serde_json::json;

    use super::*;

    const GRACE: &str = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a";
    const OTHER: &str = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1b";

    /// `grace`, as a customer or as staff, with a query string.
    async fn caller(groups: &str, query: &str) -> Result<CustomerCaller, Problem> {
        let mut context = ApiGatewayProxyRequestContext::default();
        let claims = json!({
            "sub": GRACE, "cognito:username": "grace", "cognito:groups": groups, "aud": "web", "token_use": "id",
        });
        context.authorizer.fields.insert("claims".to_owned(), claims);
        let request = Request::builder().uri(format!("/{query}")).body(Body::empty()).unwrap();
        let (mut parts, _) = request.with_request_context(RequestContext::ApiGatewayV1(context)).into_parts();
        parts.extensions.insert(TokenClients::new(["web"]));
        CustomerCaller::from_request_parts(&mut parts, &()).await
    }

    fn scope(id: &str, user_name: &str) -> Scope {
        let (id, user_name) = (id.parse().unwrap(), user_name.parse().unwrap());
        Scope::Customer(Customer { id, user_name })
    }

    fn name(name: &str) -> UserName {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn customers_are_themselves_and_nobody_else() {
        let own_id = format!("?customerId={GRACE}");
        for query in ["", &own_id] {
            let caller = caller("", query).await.unwrap();
            assert_eq!(caller.authorize_read(name("grace")).unwrap(), scope(GRACE, "grace"));
            assert!(caller.authorize_write(name("grace")).is_ok());
            let refused = caller.authorize_read(name("ada")).unwrap_err();
            assert_eq!(refused.status(), StatusCode::NOT_FOUND);
        }
        let caller = caller("", &format!("?customerId={OTHER}")).await.unwrap();
        for user_name in ["grace", "ada"] {
            assert_eq!(caller.authorize_read(name(user_name)).unwrap_err().status(), StatusCode::NOT_FOUND);
            assert_eq!(caller.authorize_write(name(user_name)).unwrap_err().status(), StatusCode::NOT_FOUND);
        }
    }

    #[tokio::test]
    async fn staff_read_by_name_and_write_by_id() {
        let by_name = caller("staff", "").await.unwrap();
        assert_eq!(by_name.authorize_read(name("grace")).unwrap(), scope(GRACE, "grace"));
        assert_eq!(by_name.authorize_read(name("ada")).unwrap(), Scope::UserName(name("ada")));
        let refused = by_name.authorize_write(name("ada")).unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let by_id = caller("staff", &format!("?customerId={OTHER}")).await.unwrap();
        assert_eq!(by_id.authorize_read(name("ada")).unwrap(), scope(OTHER, "ada"));
        assert_eq!(by_id.authorize_write(name("grace")).unwrap().customer.id, OTHER.parse().unwrap());
    }

    #[tokio::test]
    async fn a_customer_id_is_a_uuid() {
        for query in ["?customerId=", "?customerId=grace"] {
            assert_eq!(caller("staff", query).await.unwrap_err().status(), StatusCode::BAD_REQUEST);
        }
    }
}
