//! Reading input, and the published schema.

mod faults;
mod load;
mod schema;
mod write;
