//! Writing publishers with their accounts and departments.

use serde_json::json;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    dice::{Calendar, Dice},
    publishers::Publisher,
};

const GIB: i64 = 1 << 30;

/// A publisher with its ids.
#[derive(Debug)]
pub struct House {
    pub publisher: &'static Publisher,
    pub id: Uuid,
    pub made: OffsetDateTime,
    pub departments: Vec<Uuid>,
}

impl House {
    pub fn new(dice: &Dice, calendar: Calendar, publisher: &'static Publisher) -> Self {
        let made = calendar.office(dice, publisher.age);
        let departments = publisher.departments.iter().map(|_| dice.id(made)).collect();
        Self { publisher, id: dice.id(made), made, departments }
    }

    /// The id of a department by its name.
    pub fn department(&self, name: &str) -> Option<Uuid> {
        self.publisher.departments.iter().zip(&self.departments).find(|(known, _)| **known == name).map(|(_, id)| *id)
    }

    pub async fn write(&self, db: &mut PgConnection, calendar: Calendar) -> sqlx::Result<()> {
        let Publisher { slug, name, kind, model, plan, billing_cycle, city, country, colour, .. } = self.publisher;
        let status = if self.publisher.trial_days.is_some() { "trial" } else { "active" };
        sqlx::query!(
            "insert into publishers (id, name, slug, status, publisher_type, business_model, branding, primary_contact_email, support_email,
               business_address, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
            self.id,
            name,
            slug,
            status,
            kind,
            model,
            json!({ "accent_color": colour }),
            format!("admin@{slug}.test"),
            format!("support@{slug}.test"),
            json!({ "city": city, "country": country }),
            self.made
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "insert into accounts (publisher_id, plan_type, billing_cycle, status, trial_ends_at, seats_licensed, storage_limit_bytes,
               api_calls_limit, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            self.id,
            plan,
            billing_cycle,
            status,
            self.publisher.trial_days.map(|days| calendar.now + Duration::days(days)),
            self.publisher.seats,
            self.publisher.storage_gib * GIB,
            self.publisher.calls,
            self.made
        )
        .execute(&mut *db)
        .await?;
        let names: Vec<String> = self.publisher.departments.iter().map(|&name| name.to_owned()).collect();
        sqlx::query!(
            "insert into departments (publisher_id, id, name, created_at) select $1, d.id, d.name, $4 from unnest($2::uuid[], $3::text[]) as d (id, name)",
            self.id,
            &self.departments,
            &names,
            self.made
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
