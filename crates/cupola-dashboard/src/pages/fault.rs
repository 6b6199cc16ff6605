//! Why there is no page.

use cupola_store::QueryError;
use http::StatusCode;
use maud::html;

use super::layout::Drawn;
use crate::desk::Unasked;
use crate::problem::Problem;

/// Why there is no page: a status, and a sentence for who asked.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    pub(super) says: String,
}

impl Fault {
    /// What was asked makes no sense; says what is accepted.
    pub(super) fn bad(says: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, says: says.into() }
    }

    /// There is nothing of that name.
    pub(super) fn missing(says: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, says: says.into() }
    }

    /// Who asked may not.
    pub(super) fn forbidden(says: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, says: says.into() }
    }

    pub(super) fn draw(&self) -> Drawn {
        let title = match self.status {
            StatusCode::BAD_REQUEST => "This cannot be shown",
            StatusCode::NOT_FOUND => "There is no such page",
            StatusCode::FORBIDDEN => "This is not done",
            StatusCode::SERVICE_UNAVAILABLE => "Not at the moment",
            _ => "Something went wrong",
        };
        let body = html! {
            section.empty {
                p.empty-code { (self.status.as_u16()) }
                h2 { (title) }
                p { (self.says) }
                p { a.button href="/cupola" { "Go to the overview" } }
            }
        };
        Drawn::new("", title, body).alone()
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, says: format!("{}.", problem.detail) }
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Unasked> for Fault {
    fn from(unasked: Unasked) -> Self {
        Problem::from(unasked).into()
    }
}
