//! Reading input, and the published schema.

mod load;
mod schema;
mod write;
