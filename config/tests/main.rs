//! What an operator writes, and what it means.

#![expect(clippy::panic, reason = "a test ends by panicking, and its helpers too")]

mod rule;
