//! Usage events folded into days, so that charts never read events.

use crate::{
    access::State,
    error::Result,
    jobs::{Job, Outcome, Registry},
};

const FOLD: &str = "usage.fold";

pub fn jobs(registry: &mut Registry<State>) {
    registry.on(FOLD, fold).every(time::Duration::minutes(5), FOLD);
}

async fn fold(state: State, _: Job) -> Result<Outcome> {
    let mut work = state.begin_work().await?;
    sqlx::query_scalar!("select ctx.fold_usage($1)", state.moments().now()).fetch_one(&mut *work).await?;
    work.commit().await?;
    Ok(Outcome::Done)
}
