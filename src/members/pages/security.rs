//! What an admin does about a member's sessions and second factor.

use super::{
    super::{grant, member, security},
    id,
    members::refused,
};
use crate::{
    access::{Routes, State, Write, permission::MembersUpdate},
    error::{Error, Result},
    web::{self, Moment},
};
use axum::{
    extract::{self, Path},
    response::Response,
};

pub fn routes() -> Routes {
    Routes::new()
        .post("/publishers/{slug}/members/{id}/sessions/end", end_sessions)
        .post("/publishers/{slug}/members/{id}/factor-reset", reset_factor)
}

async fn end_sessions(
    mut at: Write<MembersUpdate>,
    extract::State(state): extract::State<State>,
    Path((_, member)): Path<(String, String)>,
) -> Result<Response> {
    let (member, choices) = (member::member(&mut at, id(&member)?).await?, grant::choices(&mut at).await?);
    match security::end_sessions(&mut at, &state, &member, &choices).await {
        Ok(entry) => {
            let url = at.url(&format!("/members/{}", member.id));
            at.commit(entry).await?;
            Ok(web::done(&url, "good", &format!("{} is signed out everywhere.", member.name)))
        }
        Err(Error::Refused(refusal)) => refused(&mut at, member, &refusal).await,
        Err(error) => Err(error),
    }
}

async fn reset_factor(
    mut at: Write<MembersUpdate>,
    extract::State(state): extract::State<State>,
    Path((_, member)): Path<(String, String)>,
) -> Result<Response> {
    let (member, choices) = (member::member(&mut at, id(&member)?).await?, grant::choices(&mut at).await?);
    match security::ask_reset(&mut at, &state, &member, &choices).await {
        Ok((entry, due)) => {
            let url = at.url(&format!("/members/{}", member.id));
            at.commit(entry).await?;
            let words = match due {
                None => format!("{} has no second factor any more and is signed out.", member.name),
                Some(due) => format!("The second factor of {} is reset at {}, unless they stop it.", member.name, Moment(due)),
            };
            Ok(web::done(&url, "good", &words))
        }
        Err(Error::Refused(refusal)) => refused(&mut at, member, &refusal).await,
        Err(error) => Err(error),
    }
}
