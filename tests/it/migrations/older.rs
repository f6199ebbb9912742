//! Rows as the older service had them: thousands, over tenants of every status and plan, with what people had typed.

use crate::support::{App, Database};
use sqlx::{Executor, PgConnection};
use std::collections::BTreeMap;

/// Its address has capitals.
pub const LOUD: &str = "LoudHouse";
pub const BUSY: &str = "busy";

const TABLES: [&str; 6] = ["tenants", "songwriters", "works", "work_writers", "recordings", "recording_contributors"];

const ROWS: &str = r#"
  insert into tenants (name, subdomain, status, plan_type, settings, additional_data, created_at, updated_at) values
    ('Busy Songs', 'busy', 'active', 'enterprise', '{"locale": "sv", "nested": {"a": [1, null]}}', '{}', '2019-02-28 23:59:59.123456+00', '2024-03-10'),
    ('LOUD house', 'LoudHouse', 'trial', 'professional', '{}', '{"older": "notes – kept"}', '2020-02-29', '2021-01-01'),
    ('Över Musik 音楽 🎵', 'over-musik', 'suspended', 'starter', '{}', '{}', '2021-06-01', '2021-06-01'),
    ('', 'nameless', 'active', 'free', '{}', '{}', '2022-01-01', '2022-01-01'),
    ('Archived Airs', 'archived', 'archived', 'free', '{}', '{}', '2018-01-01', '2023-12-31'),
    ('Quiet', 'quiet', 'active', 'free', '{}', '{}', '2023-01-01', '2023-01-01');
  insert into songwriters (tenant_id, first_name, last_name, stage_name, ipi, society, contact, created_by, created_at)
    select t.id,
      (array['Ada', null, '', 'Zoë', 'Jean  Luc', 'Ольга'])[1 + n % 6], (array['Lind', 'O''Brien', '', null, 'Müller-Weiß', '山田'])[1 + n % 6],
      case when n % 6 in (2, 3) then 'DJ ' || n when n % 11 = 0 then '' end,
      case when n % 4 = 0 then lpad((n * 7919 % 1000000000)::text, 9, '0') when n % 4 = 1 then 'not an IPI' when n % 4 = 2 then '' end,
      (array['PRS', 'stim', null, ''])[1 + n % 4], case when n % 9 = 0 then '{"phone": "+46 70 000"}' else '{}' end::jsonb,
      case when n % 2 = 0 then gen_random_uuid() end, '2022-01-01'::timestamptz + n * interval '1 hour'
    from tenants t, generate_series(1, case t.subdomain when 'busy' then 300 when 'quiet' then 0 else 20 end) n;
  insert into works (tenant_id, title, alternate_titles, iswc, language, genre, duration_seconds, copyright_date, notes, created_by, created_at, updated_at)
    select t.id,
      (array['Lantern', 'Harbour  Lights', 'ÉTÉ à Ørsta', '海の歌', 'The "Quoted" <b>Work</b>', '', '   ', repeat('Long ', 80)])[1 + n % 8] || case when n % 8 in (5, 6) then '' else ' ' || n end,
      case when n % 5 = 0 then array['Other title', '', 'Été'] else '{}' end,
      case when n % 3 = 0 then 'T-345246800-1' when n % 3 = 1 then 't345246801' end, (array['en', null, 'xx', ''])[1 + n % 4],
      case when n % 2 = 0 then 'Pop' end, (array[180, 0, null, -1])[1 + n % 4], case when n % 7 = 0 then '0001-01-01'::date when n % 7 = 1 then '2024-02-29' end,
      case when n % 13 = 0 then E'Line one\nline two\twith a tab' end, null, '2022-06-01'::timestamptz + n * interval '1 minute', '2024-01-01'::timestamptz - n * interval '1 day'
    from tenants t, generate_series(1, case t.subdomain when 'busy' then 1200 when 'quiet' then 0 else 40 end) n;
  insert into work_writers (tenant_id, work_id, songwriter_id, role, share, created_at)
    select w.tenant_id, w.id, s.id, (array['CA', 'A', 'composer', null])[1 + s.turn::int % 4],
      case (w.turn + s.turn) % 6 when 0 then 50 when 1 then 33.33 when 2 then 150.5 when 3 then 0 when 4 then 999.99 end, '2022-07-01'
    from (select *, row_number() over (partition by tenant_id order by created_at, id) as turn from works) w
    join (select *, row_number() over (partition by tenant_id order by created_at, id) as turn from songwriters) s
      on s.tenant_id = w.tenant_id and s.turn in (1 + w.turn % 19, 1 + (w.turn + 7) % 19) and w.turn % 10 <> 0;
  insert into recordings (tenant_id, title, isrc, artist, label, release_date, duration_seconds, work_id, created_at)
    select tenant_id, title, case when turn % 2 = 0 then 'GB-ABC-24-' || lpad(turn::text, 5, '0') when turn % 2 = 1 then 'nonsense' end, case when turn % 3 > 0 then 'The Lanterns' end,
      '', case when turn % 4 = 0 then '2024-12-31'::date end, 200, case when turn % 5 > 0 then id end, created_at
    from (select *, row_number() over (partition by tenant_id order by created_at, id) as turn from works) w where turn <= 400;
  insert into recording_contributors (tenant_id, recording_id, name, role)
    select tenant_id, id, (array['Ada Lind', '', 'Zoë'])[1 + (row_number() over (order by id))::int % 3], null from recordings"#;

/// What was there before anything was migrated.
pub struct Older {
    content: BTreeMap<String, String>,
    /// Rows of each table of each tenant.
    counts: BTreeMap<String, i64>,
    /// Sums of shares, in per cent.
    shares: String,
}

impl Older {
    pub async fn fill(database: &Database) -> Self {
        let mut owner = database.connect().await;
        for statement in ROWS.split(";\n") {
            owner.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        let mut older = Self { content: content(&mut owner).await, counts: BTreeMap::new(), shares: String::new() };
        older.counts = older.counts(&mut owner).await;
        let rows: i64 = older.counts.iter().filter(|(name, _)| !name.contains(' ')).map(|(_, rows)| rows).sum();
        assert!(rows >= 3000, "only {rows} rows");
        older.shares = text(&mut owner, "select sum(share)::text || ' ' || count(share) || ' ' || max(share) from work_writers").await;
        older
    }

    /// Every row as it was, on the older schema.
    pub async fn is_still_there(&self, owner: &mut PgConnection) {
        assert_eq!(self.counts(owner).await, self.counts);
        assert_eq!(content(owner).await, self.content);
    }

    /// The same things, as publishers have them on the newest schema.
    pub async fn is_what_publishers_have(&self, owner: &mut PgConnection) {
        for table in &TABLES[1..] {
            let rows = text(owner, &format!("select count(*)::text from {table}")).await;
            assert_eq!(rows, self.counts[*table].to_string(), "{table}");
        }
        let shares = "select (sum(share) / 100.0)::numeric(20, 2) || ' ' || count(share) || ' ' || (max(share) / 100.0)::numeric(5, 2) from work_writers";
        assert_eq!(text(owner, shares).await, self.shares);
        for (question, answer) in [
            ("select count(*)::text from publishers p where not exists (select from accounts a where a.publisher_id = p.id)", "0"),
            (
                "select string_agg(publisher_type, ' ' order by slug) from publishers where slug in ('busy', 'LoudHouse', 'quiet')",
                "professional enterprise boutique",
            ),
            ("select a.status from accounts a join publishers p on p.id = a.publisher_id where slug = 'archived'", "closed"),
            ("select count(*)::text from works where work_number is null or shares_total is null", "0"),
            (
                "select count(*)::text from catalogue_totals t where works <> (select count(*) from works w where w.publisher_id = t.publisher_id)",
                "0",
            ),
            ("select (count(*) > 1000)::text from search_words", "true"),
        ] {
            assert_eq!(text(owner, question).await, answer, "{question}");
        }
    }

    /// Rows of each table, and of each table of each tenant.
    pub async fn counts(&self, owner: &mut PgConnection) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for table in TABLES {
            let tenant = if table == "tenants" { "subdomain" } else { "(select subdomain from tenants where id = tenant_id)" };
            let question = format!(
                "select '{table}', count(*) from {table} union all select '{table} ' || {tenant}, count(*) from {table} group by {tenant}"
            );
            counts.extend(
                sqlx::query_as::<_, (String, i64)>(
                    &question.replace("group by (select subdomain from tenants where id = tenant_id)", "group by tenant_id"),
                )
                .fetch_all(&mut *owner)
                .await
                .unwrap(),
            );
        }
        counts
    }

    /// A title of a publisher that can be looked for by its first word.
    pub async fn a_title(&self, app: &App, slug: &str) -> String {
        let publisher = app.publisher(slug).await;
        app.one(&format!("select title from works where publisher_id = '{publisher}' and title like 'Lantern %' order by title limit 1"))
            .await
    }
}

async fn content(owner: &mut PgConnection) -> BTreeMap<String, String> {
    let mut content = BTreeMap::new();
    for table in TABLES {
        content.insert(
            table.to_owned(),
            text(owner, &format!("select md5(string_agg(to_jsonb(t)::text, chr(10) order by id)) from {table} t")).await,
        );
    }
    content
}

async fn text(owner: &mut PgConnection, question: &str) -> String {
    sqlx::query_scalar(question).fetch_one(owner).await.unwrap_or_else(|error| panic!("{question}: {error}"))
}
