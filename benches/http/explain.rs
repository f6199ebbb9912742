//! The plan of every statement a page sends, as the server makes it for that role, with that publisher entered.

use crate::{
    ground::Ground,
    script::{literals, statements},
    site::Site,
    wire::Said,
};
use anyhow::Result;
use ledgerline::db;
use sqlx::{Connection, Executor, PgConnection, Row};

/// From here on the server may have settled for a plan that fits all values; the program's connections have.
const EXECUTIONS: usize = 6;

pub fn pages(ground: &Ground, site: &Site) -> Result<()> {
    for page in &site.pages {
        println!("\n== {} ({})", page.name, site.case);
        ground.run(async {
            let login = db::login(&ground.owner(site.case), db::APP, &ground.key);
            let mut connection = PgConnection::connect_with(&login).await?;
            if let Some(turn) = page.turns.iter().find(|turn| turn.role == db::APP) {
                for setting in turn.options.split("-c ").filter_map(|setting| setting.trim().split_once('=')) {
                    connection.execute(format!("set {} = '{}'", setting.0, setting.1).as_str()).await?;
                }
            }
            for said in page.turns.iter().flat_map(|turn| &turn.said) {
                match said {
                    Said::Simple(text) => {
                        println!("\n-- {text}");
                        for statement in statements(text) {
                            connection.execute(statement).await?;
                        }
                    }
                    Said::Execute { sql, values } => explain(&mut connection, sql, literals(values)?).await?,
                    Said::Prepare => {}
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

async fn explain(connection: &mut PgConnection, sql: &str, (kinds, values): (Vec<&str>, Vec<String>)) -> Result<()> {
    let bracketed = |parts: String| if parts.is_empty() { parts } else { format!("({parts})") };
    let (kinds, values) = (bracketed(kinds.join(", ")), bracketed(values.join(", ")));
    connection.execute(format!("prepare page {kinds} as {sql}").as_str()).await?;
    for _ in 0..EXECUTIONS {
        connection.execute(sqlx::raw_sql(&format!("execute page {values}"))).await?;
    }
    println!("\n-- {}", sql.split_whitespace().collect::<Vec<_>>().join(" "));
    let plan = format!("explain (analyze, buffers) execute page {values}");
    for line in connection.fetch_all(sqlx::raw_sql(&plan)).await? {
        println!("   {}", line.try_get::<String, _>(0)?);
    }
    connection.execute("deallocate page").await?;
    Ok(())
}
