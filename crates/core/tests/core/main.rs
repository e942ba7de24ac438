//! The scheduler from outside: its queue, and tolerations.

mod queue;
mod toleration;
