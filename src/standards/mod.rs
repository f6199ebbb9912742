//! Rules of the trade, pure: typed text in, values out. No database, no web.
//!
//! Codes and lists come from CISAC's published tables; each rule names the specification it follows.
//! `CWR 2.2` stands for CWR19-1070R1, the functional specification of Common Works Registration 2.2.

pub mod characters;
pub mod identifiers;
pub mod languages;
pub mod roles;
pub mod shares;
pub mod societies;
