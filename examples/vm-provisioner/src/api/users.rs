//! `POST /api/v1/users` and `POST /api/v1/tokens`: who may call. A token is shown once, in the answer that makes it.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::json_body::JsonBody;
use crate::problem::Problem;
use crate::store::{Caller, Scope};
use crate::vm::VmName;

/// A new user, and the token that opens the API for them.
#[derive(Serialize, ToSchema)]
pub(super) struct NewUser {
    /// Their id.
    #[schema(example = "user-0199f3a0c7d27b3d9a4be5c1f0a2d37e")]
    id: String,
    /// Their name.
    #[schema(example = "linus")]
    name: String,
    #[serde(flatten)]
    token: NewToken,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(super) struct NewToken {
    /// The token; nobody can show it again.
    #[schema(example = "vmp_5f0c3f6b0b1d4d7c8f7a1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69")]
    token: String,
    /// What it opens.
    scope: Scope,
}

/// What is said of a user who is to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the fields that the handler reads")]
pub(super) struct UserWanted {
    /// Theirs alone: 1 to 40 of a-z, 0-9 and '-', beginning with a letter.
    #[schema(example = "linus", pattern = "^[a-z][a-z0-9-]{0,39}$")]
    name: String,
}

/// What is said of a token that is to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the fields that the handler reads")]
pub(super) struct TokenWanted {
    /// What it is to open: no more than the token of this request does.
    scope: Scope,
}

/// Makes a user. It takes an admin's token.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "create_user", request_body = UserWanted,
    responses((status = 201, description = "The user, and their first token: keep it.", body = NewUser)))]
#[tracing::instrument(name = "api.user.create", skip_all)]
pub(super) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    JsonBody(mut fields): JsonBody,
) -> Result<(StatusCode, Json<NewUser>), Problem> {
    if caller.scope != Scope::Admin {
        return Err(Problem::forbidden("users are made with an admin's token"));
    }
    // A user's name is as a machine's.
    let name = fields.required("name", VmName::ACCEPTED, VmName::parse);
    let name = fields.finish(name)?;
    let scope = Scope::ReadWrite;
    let (id, token) = api.store.create_user(name.as_str(), scope).await?;
    tracing::info!(new_user_id = id, "user made");
    let name = name.as_str().to_owned();
    Ok((StatusCode::CREATED, Json(NewUser { id, name, token: NewToken { token: token.reveal().to_owned(), scope } })))
}

/// Makes another token for the caller.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", request_body = TokenWanted,
    responses((status = 201, description = "The token: keep it.", body = NewToken)))]
#[tracing::instrument(name = "api.token.create", skip_all)]
pub(super) async fn create_token(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    JsonBody(mut fields): JsonBody,
) -> Result<(StatusCode, Json<NewToken>), Problem> {
    let scope = fields.one_of("scope", Scope::NAMES, Scope::named);
    let scope = fields.finish(scope)?;
    if scope == Scope::Admin && caller.scope != Scope::Admin {
        return Err(Problem::forbidden("only an admin's token makes another one"));
    }
    let token = api.store.create_token(&caller.id, scope).await?;
    tracing::info!(scope = scope.as_str(), "token made");
    Ok((StatusCode::CREATED, Json(NewToken { token: token.reveal().to_owned(), scope })))
}

#[cfg(test)]
mod tests;
