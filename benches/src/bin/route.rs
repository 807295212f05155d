//! `route` prints what it costs to find a request's route, and to publish a table. Build it with `--release`.

use std::error::Error;
use std::io::{self, Write as _};

use canary_benches::route::{Measured, Shape};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    writeln!(out, "{}", Measured::HEAD)?;
    for shape in Shape::ALL {
        writeln!(out, "{}", shape.measure()?)?;
    }
    Ok(())
}
