//! Row security: the rules of the catalogue, what each role sees in each context, and the gate that sets the context.

mod cells;
mod gate;
mod rules;
