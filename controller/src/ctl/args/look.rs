//! The looks: they change nothing.

use std::net::IpAddr;

use canary_config::name::ServiceName;
use clap::Subcommand;

use crate::client::Question;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::traffic::{Proportion, Rate};

/// The most lines that can be asked for.
const LIMIT_MAX: i64 = 1_000;

/// The longest request that can be asked about, in bytes: each may become three in the question's URI.
const QUESTION_BYTES_MAX: usize = 8 * 1024;

/// What each header takes in the question's URI besides.
const PARAMETER_BYTES: usize = "&header=:".len();

/// A look at something.
#[derive(Debug, Subcommand)]
pub enum LookCommand {
    /// Show where every service stands, or one of them in full.
    Status(StatusArgs),
    /// Follow a rollout to its end, and end with the code of its verdict as `start --wait` does.
    Watch {
        /// The service.
        service: ServiceName,
    },
    /// Show the rollouts of a service, the newest first.
    Rollouts {
        /// The service.
        service: ServiceName,
        /// How many rollouts at the most.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=LIMIT_MAX))]
        limit: u32,
    },
    /// Show what changed, who changed it and why, the newest first.
    History {
        /// The service; all of them if none is named.
        service: Option<ServiceName>,
        /// Only this rollout of the service, whole, the oldest change first.
        #[arg(long, value_name = "N", requires = "service", conflicts_with = "limit")]
        rollout: Option<u64>,
        /// How many changes at the most.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=LIMIT_MAX))]
        limit: u32,
    },
    /// Print every change as it comes, a line each, until interrupted.
    Events {
        /// Begin after the change with this number, instead of with the next one.
        #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..))]
        after: Option<i64>,
    },
    /// Say what convicted or certified a release: the evidence in words, how it came about, and the very requests.
    Explain {
        /// The service.
        service: ServiceName,
        /// The number of the rollout; the one that is under way or was the last if none is named.
        generation: Option<u64>,
    },
    /// Say how long the next rollout of a service will take at its traffic, what it would find, and whether another plan
    /// would do better.
    Plan {
        /// The service.
        service: ServiceName,
        /// At this rate instead of the one of the last hours, such as `40rps` or `90rpm`; of new clients where a client
        /// stays where it fell.
        #[arg(long, value_name = "RATE")]
        rate: Option<Rate>,
        /// At this error rate of stable instead of the one of the last hours, such as `0.1%`.
        #[arg(long, value_name = "PERCENT")]
        error_rate: Option<Proportion>,
    },
    /// Look at everything at once, and say what is wrong or doubtful and what to do about it; end with 12 if there is any.
    Doctor {
        /// Only this service, and what concerns all of them.
        service: Option<ServiceName>,
    },
    /// Say which rule, service, track and backends would serve a request, and why.
    Why(Request),
}

/// What `status` needs to know.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// The service; all of them if none is named.
    pub service: Option<ServiceName>,
    /// Go on showing it until interrupted: redrawn on a terminal, else a line for each change.
    #[arg(long, short)]
    pub watch: bool,
    /// End with 12 if anything is held or paused, else with 10 if a last rollout was aborted, else 0.
    #[arg(long, conflicts_with = "watch")]
    pub exit_code: bool,
}

/// A request that nobody sends.
#[derive(Debug, clap::Args)]
pub struct Request {
    /// The URL that a client would ask for, such as `https://shop.example/cart?id=7`; or a path, and --header 'Host: …'.
    #[arg(id = "request_url", value_name = "URL")]
    pub url: String,
    /// Its method.
    #[arg(long, default_value = "GET")]
    pub method: String,
    /// A header that it would have; can be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<(String, String)>,
    /// The address that it would come from.
    #[arg(long, value_name = "IP")]
    pub client: Option<IpAddr>,
}

// === impl Request ===

impl Request {
    /// What canaryd is asked.
    ///
    /// # Errors
    /// It is too long to be asked.
    pub(in crate::ctl) fn into_question(self) -> Result<Question, Failure> {
        let Self { url, method, headers, client } = self;
        let length = headers
            .iter()
            .fold(url.len() + method.len(), |sum, (name, value)| sum + name.len() + value.len() + PARAMETER_BYTES);
        if length > QUESTION_BYTES_MAX {
            let what =
                format!("the request in question has {length} bytes, and {QUESTION_BYTES_MAX} can be asked about");
            return Err(Failure::new(Exit::Usage, what, "leave out headers that no rule looks at"));
        }
        Ok(Question { url, method, headers, client })
    }
}

fn header(word: &str) -> Result<(String, String), &'static str> {
    let (name, value) = word.split_once(':').ok_or("write it as `NAME: VALUE`")?;
    let (name, value) = (name.trim(), value.trim());
    http::HeaderName::try_from(name).map_err(|_| "its name is none that HTTP allows")?;
    http::HeaderValue::try_from(value).map_err(|_| "its value is none that HTTP allows")?;
    Ok((name.to_owned(), value.to_owned()))
}
