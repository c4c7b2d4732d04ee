"""Cognito."""

import functools

from ministack.services import cognito


def apply() -> None:
    trust_confirmed_addresses()
    ignore_case_of_user_names()
    refuse_addresses_as_user_names()


def trust_confirmed_addresses() -> None:
    """The code that confirms a sign-up came by e-mail, so it proves the address, by which one can sign in then."""
    original = cognito._confirm_sign_up

    @functools.wraps(original)
    def confirm_sign_up(data):
        response = original(data)
        if response[0] == 200:
            pool, _ = cognito._pool_for_client(data["ClientId"])
            user, _ = cognito._resolve_user(pool, data["Username"])
            proven = [{"Name": "email_verified", "Value": "true"}]
            user["Attributes"] = cognito._merge_attributes(user["Attributes"], proven)
        return response

    cognito._confirm_sign_up = confirm_sign_up


def ignore_case_of_user_names() -> None:
    """A user pool that says that case does not matter lets `Grace` sign up beside `grace`, and knows neither as `GRACE`."""
    resolve = cognito._resolve_user
    refuse = cognito._new_user_error

    def known_as(pool, name):
        """The same name as it was signed up with, or the name itself."""
        if not isinstance(name, str) or pool.get("UsernameConfiguration", {}).get("CaseSensitive") is not False:
            return name
        return next((known for known in pool["_users"] if known.casefold() == name.casefold()), name)

    @functools.wraps(resolve)
    def resolve_user(pool, name):
        return resolve(pool, known_as(pool, name))

    @functools.wraps(refuse)
    def new_user_error(pool, name, attributes):
        if known_as(pool, name) != name:
            return cognito.error_response_json("UsernameExistsException", "User already exists.", 400)
        return refuse(pool, name, attributes)

    cognito._resolve_user = resolve_user
    cognito._new_user_error = new_user_error


def refuse_addresses_as_user_names() -> None:
    """Where people can sign in by address, a name that looks like one would shut the owner of the address out."""
    original = cognito._new_user_error

    @functools.wraps(original)
    def new_user_error(pool, name, attributes):
        if "email" in pool.get("AliasAttributes", []) and cognito._USERNAME_EMAIL_RE.fullmatch(name):
            message = "Username cannot be of email format, since user pool is configured for email alias."
            return cognito.error_response_json("InvalidParameterException", message, 400)
        return original(pool, name, attributes)

    cognito._new_user_error = new_user_error
