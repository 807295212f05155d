//! What a start is about: one service and its release, or several pairs of them.

use std::collections::BTreeMap;
use std::str::FromStr;

use canary_config::name::{ReleaseId, ServiceName};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

const ID: &str = "target";

/// What is to be brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A release of one service.
    One(ServiceName, ReleaseId),
    /// Releases of several services, as one rollout.
    Together {
        /// The release of each.
        releases: BTreeMap<ServiceName, ReleaseId>,
        /// The service that was named first.
        first: ServiceName,
    },
}

/// The positional arguments of `start`: `SERVICE RELEASE`, or `SERVICE=RELEASE` once or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(pub Wanted);

// === impl Target ===

impl Target {
    fn of(words: &[String]) -> Result<Self, String> {
        if let [service, release] = words
            && !service.contains('=')
            && !release.contains('=')
        {
            return Ok(Self(Wanted::One(name(service)?, name(release)?)));
        }
        let mut pairs = Vec::new();
        for word in words {
            let (service, release) = word.split_once('=').ok_or_else(|| form(word))?;
            pairs.push((name::<ServiceName>(service)?, name::<ReleaseId>(release)?));
        }
        match pairs.as_slice() {
            [] => Err("name a service and its release".to_owned()),
            [(service, release)] => Ok(Self(Wanted::One(service.clone(), release.clone()))),
            [(first, _), ..] => {
                let releases: BTreeMap<_, _> = pairs.iter().cloned().collect();
                let is_twice = releases.len() < pairs.len();
                let together = Wanted::Together { releases, first: first.clone() };
                if is_twice { Err("a service is named twice".to_owned()) } else { Ok(Self(together)) }
            }
        }
    }
}

impl clap::Args for Target {
    fn augment_args(command: Command) -> Command {
        let arg = Arg::new(ID).action(ArgAction::Append).num_args(1..).required(true).value_name("SERVICE RELEASE");
        command.arg(arg.help("The service and its release; for several as one rollout: web=v2 api=v7"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Target {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let words: Vec<String> = matches.get_many(ID).unwrap_or_default().cloned().collect();
        Self::of(&words).map_err(|message| clap::Error::raw(ErrorKind::ValueValidation, message))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn name<T: FromStr<Err: std::fmt::Display>>(word: &str) -> Result<T, String> {
    word.parse().map_err(|error| format!("invalid name '{}': {error}", word.escape_debug()))
}

fn form(word: &str) -> String {
    format!("'{}' stands alone; write SERVICE RELEASE, or SERVICE=RELEASE for each service", word.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Wanted, String> {
        Target::of(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).map(|target| target.0)
    }

    #[test]
    fn one_service_can_be_written_in_two_ways() {
        let one = Wanted::One("web".parse().unwrap(), "v2".parse().unwrap());
        assert_eq!(of(&["web", "v2"]), Ok(one.clone()));
        assert_eq!(of(&["web=v2"]), Ok(one));
    }

    #[test]
    fn the_first_of_several_is_remembered() {
        let Ok(Wanted::Together { releases, first }) = of(&["web=v2", "api=v7"]) else { panic!("together") };
        assert_eq!((releases.len(), first.as_str()), (2, "web"));
    }

    #[test]
    fn what_is_half_written_is_refused() {
        for words in
            [&["web"][..], &["web", "v2", "api"], &["web=v2", "api"], &["web=v2", "web=v3"], &["web="], &["we b", "v2"]]
        {
            assert!(of(words).is_err(), "{words:?}");
        }
    }
}
