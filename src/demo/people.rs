//! The people of the demonstration: who belongs where, and since when.

/// An account to sign in with, for the list printed at the start.
#[derive(Debug, Clone, Copy)]
pub struct DemoAccount {
    pub email: &'static str,
    pub who: &'static str,
}

/// The one password of them all.
pub const PASSWORD: &str = "ledgerline-demo";

/// The system admin, who belongs to no publisher.
pub const SYSTEM_ADMIN: (&str, &str) = ("system@ledgerline.test", "Robin Ashdown");

/// The accounts worth knowing. The other people have the same password.
pub const ACCOUNTS: &[DemoAccount] = &[
    DemoAccount { email: "system@ledgerline.test", who: "system admin, all publishers" },
    DemoAccount { email: "admin@northlight.test", who: "admin at Northlight Music, viewer at Ember & Oak" },
    DemoAccount { email: "manager@northlight.test", who: "manager at Northlight Music" },
    DemoAccount { email: "editor@northlight.test", who: "editor at Northlight Music" },
    DemoAccount { email: "viewer@northlight.test", who: "viewer at Northlight Music" },
    DemoAccount { email: "ar@northlight.test", who: "department admin of A&R at Northlight Music" },
    DemoAccount { email: "finance@northlight.test", who: "finance at Northlight Music: account and usage" },
    DemoAccount { email: "admin@harbour-street.test", who: "admin at Harbour Street Songs" },
    DemoAccount { email: "admin@songwell.test", who: "admin at Songwell" },
    DemoAccount { email: "creator@songwell.test", who: "creator at Songwell, sees own works only" },
    DemoAccount { email: "creator2@songwell.test", who: "creator at Songwell, sees own works only" },
    DemoAccount { email: "admin@ember-oak.test", who: "admin at Ember & Oak, where every seat is taken" },
];

/// Whether a member still is one; days ago it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Suspended(i64),
    Removed(i64),
}

/// How far a member sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Publisher,
    /// Departments of the publisher, by name.
    Departments(&'static [&'static str]),
    /// Own works, as the songwriter of that place in the publisher's list.
    Own(usize),
}

/// One person in one publisher.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub publisher: &'static str,
    pub email: &'static str,
    pub name: &'static str,
    pub role: &'static str,
    pub reach: Reach,
    /// The role they came with, and how many days ago it changed.
    pub was: Option<(&'static str, i64)>,
    /// Days since they joined.
    pub joined: i64,
    /// Minutes since they were last seen.
    pub seen: i64,
    pub state: State,
}

const fn member(publisher: &'static str, email: &'static str, name: &'static str, role: &'static str, joined: i64, seen: i64) -> Member {
    Member { publisher, email, name, role, reach: Reach::Publisher, was: None, joined, seen, state: State::Active }
}

impl Member {
    const fn of(self, departments: &'static [&'static str]) -> Self {
        Self { reach: Reach::Departments(departments), ..self }
    }

    const fn writes(self, songwriter: usize) -> Self {
        Self { reach: Reach::Own(songwriter), ..self }
    }

    const fn once(self, role: &'static str, until: i64) -> Self {
        Self { was: Some((role, until)), ..self }
    }

    const fn but(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Keeps the catalogue: what they did there is in its trail.
    pub fn edits(&self) -> bool {
        matches!(self.role, "editor" | "manager" | "admin") && self.reach == Reach::Publisher
    }
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// The first of each publisher is its first admin, there from the first day.
pub const MEMBERS: &[Member] = &[
    member("northlight", "admin@northlight.test", "Olga Lindqvist", "admin", 800, 12),
    member("northlight", "manager@northlight.test", "Tomás Ferreira", "manager", 790, 35),
    member("northlight", "editor@northlight.test", "Hannah Osei", "editor", 610, 3 * HOUR),
    member("northlight", "viewer@northlight.test", "Viktor Sandberg", "viewer", 402, 2 * DAY),
    member("northlight", "ar@northlight.test", "Ayesha Rahman", "department_admin", 540, 5 * HOUR).of(&["A&R"]),
    member("northlight", "finance@northlight.test", "Declan Murphy", "finance", 480, DAY),
    member("northlight", "jonas.weber@northlight.test", "Jonas Weber", "department_admin", 515, 20 * HOUR).of(&["Copyright"]),
    member("northlight", "ingrid.solberg@northlight.test", "Ingrid Solberg", "department_admin", 470, 4 * DAY).of(&["Finance"]),
    member("northlight", "camille.laurent@northlight.test", "Camille Laurent", "editor", 230, 50).of(&["A&R"]),
    member("northlight", "kwesi.annan@northlight.test", "Kwesi Annan", "viewer", 96, 26 * HOUR).of(&["A&R"]),
    member("northlight", "freja.holm@northlight.test", "Freja Holm", "editor", 310, 7 * HOUR).of(&["Copyright"]),
    member("northlight", "marta.zielinska@northlight.test", "Marta Zielińska", "editor", 160, 95).once("viewer", 20),
    member("northlight", "elliot.grant@northlight.test", "Elliot Grant", "manager", 12, 4 * HOUR),
    member("northlight", "priya.nair@northlight.test", "Priya Nair", "finance", 41, 3 * DAY).of(&["Finance"]),
    member("northlight", "ruben.devries@northlight.test", "Ruben de Vries", "editor", 350, 21 * DAY).but(State::Suspended(17)),
    member("northlight", "paula.mendes@northlight.test", "Paula Mendes", "editor", 700, 40 * DAY).but(State::Removed(33)),
    member("harbour-street", "admin@harbour-street.test", "Grace Adeyemi", "admin", 400, 80),
    member("harbour-street", "manager@harbour-street.test", "Callum Reid", "manager", 392, 6 * HOUR),
    member("harbour-street", "editor@harbour-street.test", "Yasmin Haddad", "editor", 240, 22 * HOUR),
    member("harbour-street", "viewer@harbour-street.test", "Oscar Nyström", "viewer", 75, 9 * DAY),
    member("harbour-street", "finance@harbour-street.test", "Bronwen Pugh", "finance", 21, 2 * DAY),
    member("songwell", "admin@songwell.test", "Leonor Matias", "admin", 130, 25),
    member("songwell", "editor@songwell.test", "Duarte Salgado", "editor", 118, 5 * HOUR),
    member("songwell", "creator@songwell.test", "Mara Ellison", "creator", 64, 2 * HOUR).writes(0),
    member("songwell", "creator2@songwell.test", "Kwame Boateng", "creator", 30, 3 * DAY).writes(1),
    member("ember-oak", "admin@ember-oak.test", "Nell Hathaway", "admin", 210, HOUR),
    member("ember-oak", "admin@northlight.test", "Olga Lindqvist", "viewer", 88, 6 * DAY),
    member("ember-oak", "editor@ember-oak.test", "Sam Whitlock", "editor", 150, 8 * HOUR),
];

/// First and last names of those who see their own works, in the order of their songwriters.
pub fn creators(slug: &str) -> Vec<(&'static str, &'static str)> {
    let creators = MEMBERS.iter().filter(|member| member.publisher == slug && matches!(member.reach, Reach::Own(_)));
    creators.filter_map(|member| member.name.split_once(' ')).collect()
}

/// What became of an invitation that nobody has accepted; days ago it lapsed or was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Pending,
    Lapsed,
    Revoked(i64),
}

/// An invitation nobody has accepted.
#[derive(Debug, Clone, Copy)]
pub struct Invitation {
    pub publisher: &'static str,
    pub email: &'static str,
    pub role: &'static str,
    pub reach: Reach,
    pub message: Option<&'static str>,
    /// Days since it was sent.
    pub sent: i64,
    pub outcome: Outcome,
}

const fn invited(publisher: &'static str, email: &'static str, role: &'static str, sent: i64, outcome: Outcome) -> Invitation {
    Invitation { publisher, email, role, reach: Reach::Publisher, message: None, sent, outcome }
}

impl Invitation {
    const fn of(self, departments: &'static [&'static str]) -> Self {
        Self { reach: Reach::Departments(departments), ..self }
    }

    const fn writes(self, songwriter: usize) -> Self {
        Self { reach: Reach::Own(songwriter), ..self }
    }

    const fn saying(self, message: &'static str) -> Self {
        Self { message: Some(message), ..self }
    }
}

pub const INVITATIONS: &[Invitation] = &[
    invited("northlight", "noor.alfarsi@northlight.test", "editor", 2, Outcome::Pending)
        .of(&["Copyright"])
        .saying("Welcome to the Copyright team. You start with the Spanish catalogue."),
    invited("northlight", "matteo.bassi@northlight.test", "manager", 1, Outcome::Pending),
    // Someone who already has an account elsewhere.
    invited("northlight", "admin@harbour-street.test", "viewer", 4, Outcome::Pending).saying("So that you can see the works we share."),
    invited("northlight", "lena.hoffmann@northlight.test", "viewer", 24, Outcome::Lapsed),
    invited("northlight", "old.agency@contractors.test", "editor", 52, Outcome::Revoked(50)),
    invited("harbour-street", "imogen.clarke@harbour-street.test", "editor", 3, Outcome::Pending),
    invited("harbour-street", "tariq.mansoor@harbour-street.test", "viewer", 15, Outcome::Lapsed),
    invited("harbour-street", "temp@harbour-street.test", "editor", 40, Outcome::Revoked(38)),
    invited("songwell", "creator3@songwell.test", "creator", 2, Outcome::Pending).writes(2).saying("Your works are ready to look at."),
    invited("songwell", "creator4@songwell.test", "creator", 19, Outcome::Lapsed).writes(3),
    invited("songwell", "press@songwell.test", "viewer", 27, Outcome::Revoked(26)),
    invited("ember-oak", "june.barlow@ember-oak.test", "editor", 1, Outcome::Pending).saying("Come and help with the back catalogue."),
    invited("ember-oak", "wes.tanner@ember-oak.test", "viewer", 33, Outcome::Lapsed),
    invited("ember-oak", "intern@ember-oak.test", "viewer", 60, Outcome::Revoked(55)),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::demo::publishers::PUBLISHERS;

    fn members(slug: &str) -> Vec<&'static Member> {
        MEMBERS.iter().filter(|member| member.publisher == slug).collect()
    }

    #[test]
    fn every_printed_account_exists() {
        let emails: HashSet<_> = MEMBERS.iter().map(|member| member.email).chain([SYSTEM_ADMIN.0]).collect();
        assert!(ACCOUNTS.iter().all(|account| emails.contains(account.email)));
        assert_eq!(ACCOUNTS.len(), 12);
    }

    #[test]
    fn seats_suffice_and_the_starter_has_none_left() {
        for publisher in PUBLISHERS {
            let taken = members(publisher.slug).iter().filter(|member| matches!(member.state, State::Active | State::Suspended(_))).count();
            let licensed = usize::try_from(publisher.seats).unwrap();
            assert!(taken <= licensed, "{}", publisher.slug);
            assert_eq!(taken == licensed, publisher.slug == "ember-oak");
        }
    }

    #[test]
    fn the_first_member_runs_the_publisher_and_all_came_after_it_was_made() {
        for publisher in PUBLISHERS {
            let members = members(publisher.slug);
            assert_eq!(members[0].role, "admin");
            assert_eq!(members[0].joined, publisher.age);
            assert!(members.iter().all(|member| member.joined <= publisher.age));
        }
    }

    #[test]
    fn every_state_of_an_invitation_is_there_and_only_pending_ones_are_young() {
        for publisher in PUBLISHERS {
            let of = |wanted: fn(&Invitation) -> bool| INVITATIONS.iter().filter(|i| i.publisher == publisher.slug && wanted(i)).count();
            let pending = of(|i| i.outcome == Outcome::Pending && i.sent < 7);
            assert!(pending >= if publisher.slug == "northlight" { 2 } else { 1 });
            assert!(of(|i| i.outcome == Outcome::Lapsed && i.sent > 7) >= 1);
            assert!(of(|i| matches!(i.outcome, Outcome::Revoked(_))) >= 1);
        }
    }
}
