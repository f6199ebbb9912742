//! The program as its users, its operators and its database meet it.
#![cfg(test)]

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
mod load;
mod jump;
mod mail;
mod members;
mod migrations;
mod odd_input;
mod publishers;
mod row_security;
mod sign_in;
mod site;
mod support;
