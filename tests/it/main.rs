//! The program as its users, its operators and its database meet it.
#![cfg(test)]

mod account;
mod asvs;
mod catalogue;
mod cluster;
mod commands;
mod dashboard;
mod database;
mod doors;
mod hashing;
mod house;
mod jobs;
mod journeys;
mod jump;
mod load;
mod mail;
mod members;
mod migrations;
mod odd_input;
mod passkeys;
mod policy;
mod profile;
mod publishers;
mod row_security;
mod second_factor;
mod security_events;
mod sessions;
mod sign_in;
mod site;
mod step_up;
mod support;
